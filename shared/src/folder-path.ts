/** Whether the path of an offer's entry is that of an empty folder: it ends with `/`, and no file's does. */
export function isFolderPath(path: string): boolean {
  return path.endsWith('/');
}
