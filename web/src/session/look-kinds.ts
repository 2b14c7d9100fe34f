import { isFolderPath } from '@tincan/shared/folder-path';
import type { TransferFile } from '@tincan/engine/transfer/file-state';
import { MAX_WHOLE_BYTES } from '../storage/served-files.ts';

/** How a received file can be looked at here; anything that could run, or that only seems to be what its name says, is not among it. */
export type LookKind = 'video' | 'audio' | 'image' | 'text';

interface Look {
  readonly kind: LookKind;
  /** The media type that it is shown as. */
  readonly type: string;
}

/** By the endings of names. PDF and HTML are left out on purpose: the one runs scripts, the other is a page. */
const TYPES: Record<LookKind, Record<string, string>> = {
  video: {
    mp4: 'video/mp4',
    m4v: 'video/mp4',
    mov: 'video/mp4',
    webm: 'video/webm',
    mkv: 'video/x-matroska',
    ogv: 'video/ogg',
  },
  audio: {
    mp3: 'audio/mpeg',
    m4a: 'audio/mp4',
    aac: 'audio/aac',
    ogg: 'audio/ogg',
    oga: 'audio/ogg',
    opus: 'audio/ogg',
    weba: 'audio/webm',
    wav: 'audio/wav',
    flac: 'audio/flac',
  },
  image: {
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    png: 'image/png',
    gif: 'image/gif',
    webp: 'image/webp',
    avif: 'image/avif',
    bmp: 'image/bmp',
    ico: 'image/x-icon',
    svg: 'image/svg+xml',
  },
  text: Object.fromEntries(
    'txt md csv tsv log json yaml yml toml ini conf srt vtt diff patch sh py js ts css c h cpp rs go java kt sql'
      .split(' ')
      .map((ending) => [ending, 'text/plain']),
  ),
};

const LOOKS = new Map(
  Object.entries(TYPES).flatMap(([kind, types]) =>
    Object.entries(types).map(([ending, type]): [string, Look] => [ending, { kind: kind as LookKind, type }]),
  ),
);

/** How files with this name can be looked at, if they can. */
export function lookOf(path: string): Look | undefined {
  return isFolderPath(path) ? undefined : LOOKS.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '');
}

/** Whether one can see or hear it before all of it is here. */
export function isMedia(kind: LookKind | undefined): kind is 'video' | 'audio' {
  return kind === 'video' || kind === 'audio';
}

/** How a received file can be looked at now, if it can. */
export function lookNow({ path, size, state, freed }: TransferFile): LookKind | undefined {
  const kind = lookOf(path)?.kind;
  if (size === 0 || freed || kind === undefined) return undefined;
  if (state === 'done') return kind === 'image' && size > MAX_WHOLE_BYTES ? undefined : kind;
  return (state === 'active' || state === 'verifying') && isMedia(kind) ? kind : undefined;
}
