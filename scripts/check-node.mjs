// Imported first by the entry scripts: stops with one clear sentence where Node is too old for the tools.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;

if (!fits) {
  console.error(
    `Tincan needs Node 20.19 or later, or 22.12 or later; this is Node ${process.versions.node}. See https://nodejs.org`,
  );
  process.exit(1);
}
