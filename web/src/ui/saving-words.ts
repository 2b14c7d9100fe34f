import type { SaveFailure } from '../session/views.ts';

/** What is said of saving what has arrived. */
export const savingWords = {
  saving: {
    progress: (files: string, done: string, size: string) => `Saving ${files}: ${done} of ${size}`,
    stop: 'Stop saving',
    loss: 'Files are being saved, and that will stop.',
    unsaved: (names: string) => `Not saved: ${names}. What has arrived is still here; try again.`,
    why: {
      stopped: 'stopped',
      'not-allowed': 'the browser does not allow it any more; choose the place again',
      'no-space': 'there is no room for it',
      name: 'the browser refuses its name',
      cut: 'the browser ended the download in the middle; delete what has come of it',
      failed: 'it could not be read or written',
    } satisfies Record<SaveFailure, string>,
    renamed: (names: string) => `Some names are not the same there: ${names}.`,
    renamedOne: (path: string, name: string) => `${path} is saved as ${name}`,
    downloadsAs: (name: string) => `Downloads as ${name}`,
    toAllow: (names: string) =>
      `Files that were to go to ${names} wait: since this page was loaded anew, the browser asks you once more before it writes there.`,
    place: (name: string) => `“${name}”`,
    allow: 'Go on saving',
    more: (n: string) => `${n} more`,
    free: (size: string) => `Free ${size} in this browser`,
    freeAsk: 'Have you got everything?',
    freeWhy: (size: string) =>
      `This browser still keeps ${size} of what you have saved or downloaded. Look whether all of it is where you want it: what is kept here is then deleted.`,
    freeYes: 'Delete what is kept here',
    freeNo: 'Keep it',
  },
};
