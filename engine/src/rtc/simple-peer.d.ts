// The prebuilt bundle brings its own shims; the plain module needs Node's `process` and `Buffer`.
declare module 'simple-peer/simplepeer.min.js' {
  export { default } from 'simple-peer';
}
