// What a drag or the clipboard holds, as far as it is of use here.

export type Handed = 'files' | 'text';

/** What is being dragged, as far as a page is told before it is dropped. */
export function kindOf(transfer: DataTransfer): Handed {
  return transfer.types.includes('Files') ? 'files' : 'text';
}

/** Whether there is a file or a folder that can be had: a browser may say that there are files and give none. */
export function holdsFiles(transfer: DataTransfer): boolean {
  const isThere = (item: DataTransferItem) => (item.webkitGetAsEntry?.() ?? item.getAsFile()) !== null;
  return [...transfer.items].some((item) => item.kind === 'file' && isThere(item));
}

/** A link, or else a text; empty if there is neither. A link to something on the person's own device is of use to nobody else. */
export function textOf(transfer: DataTransfer): string {
  const links = transfer.getData('text/uri-list').split(/\r?\n/);
  const link = links.filter((line) => line !== '' && !/^(#|file:)/i.test(line)).join('\n');
  return link || transfer.getData('text/plain').trim() || htmlToText(transfer.getData('text/html'));
}

/** Whether a browser puts a text that is dropped or pasted here where the person wants it. */
export function isTextField(target: EventTarget | null): boolean {
  const isField =
    target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && TEXT_TYPES.includes(target.type));
  return isField && !target.readOnly && !target.disabled;
}

const TEXT_TYPES = ['text', 'search', 'url', 'tel', 'email', 'number', 'password'];

/** The one of the effects that the source allows: a drop with another one would not happen. */
export function effectOf({ effectAllowed }: DataTransfer): 'copy' | 'link' | 'move' {
  if (effectAllowed === 'link' || effectAllowed === 'linkMove') return 'link';
  return effectAllowed === 'move' ? 'move' : 'copy';
}

function htmlToText(html: string): string {
  return new DOMParser().parseFromString(html, 'text/html').body.textContent.trim();
}
