import { randomId } from '@tincan/shared/base64url';
import { isFolderPath } from '@tincan/shared/folder-path';
import { isLive, type FileState, type Hold, type TransferFile } from './file-state.ts';
import type { OfferedFile, OfferRecord, SourceHandle } from './ledger.ts';
import type { TransferFailure } from './path.ts';
import { Source } from './source.ts';

/** The engine's own view of a file that is sent. */
export class SendingFile implements TransferFile {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  readonly modified: number | undefined;
  readonly offer: SendingOffer;
  /** `undefined` while this page waits for its person to give the file again. */
  source: Source | undefined;
  /** With which the browser can open the file at a later visit, where it gives such. */
  handleToFile: SourceHandle | undefined;
  /** Its name on the present link. */
  handle: number | undefined;
  state: FileState = 'offered';
  here: Hold = 'none';
  there: Hold = 'none';
  durable = 0;
  hash: string | undefined;
  failure: TransferFailure | undefined;
  readonly saved = 'no';
  readonly freed = false;
  /** The receiver knows how it ended: it need not be offered again. */
  settled = false;

  constructor(offer: SendingOffer, file: OfferedFile) {
    this.offer = offer;
    this.id = file.id;
    this.path = file.path;
    this.size = file.size;
    this.modified = file.modified;
  }
}

/** What is offered: a file and the relative path under which the receiver gets it, or an empty folder, whose path ends with `/` and whose source is empty. */
export interface OfferedSource {
  readonly path: string;
  readonly source: Source;
  /** When the file was changed last, in milliseconds since 1970, where that is known. */
  readonly modified?: number | undefined;
  readonly handle?: SourceHandle | undefined;
}

/** Files that are offered together to one peer, from the first word to the last, over links and visits. */
export class SendingOffer {
  readonly id: string;
  /** 128 random bits that only its two ends know. */
  readonly key: string;
  readonly files: readonly SendingFile[];
  /** What the receiver called itself, where it was accepted on an earlier visit. */
  readonly to: string | undefined;
  accepted = false;
  /** What arrives stays at the receiver when its page is closed. */
  receiverKeeps = false;

  private constructor(id: string, key: string, to: string | undefined, files: (offer: SendingOffer) => SendingFile[]) {
    this.id = id;
    this.key = key;
    this.to = to;
    this.files = files(this);
  }

  static make(sources: readonly OfferedSource[]): SendingOffer {
    return new SendingOffer(randomId(), randomId(), undefined, (offer) =>
      sources.map(({ path, source, modified, handle }) => {
        const file = new SendingFile(offer, { id: randomId(), path, size: source.size, modified });
        file.source = source;
        file.handleToFile = handle;
        return file;
      }),
    );
  }

  /** An offer of an earlier visit: its files are to be given again. */
  static restore(record: OfferRecord): SendingOffer {
    const restored = new SendingOffer(record.offer, record.key, record.to, (offer) =>
      record.files.map((kept) => {
        const file = new SendingFile(offer, kept);
        file.state = 'active';
        // There is nothing in an empty folder that its person would have to give again.
        if (isFolderPath(kept.path)) file.source = new Source(new Blob());
        else file.here = 'file';
        return file;
      }),
    );
    restored.accepted = true;
    restored.receiverKeeps = true;
    return restored;
  }

  get isLive(): boolean {
    return this.files.some(isLive);
  }
}

/**
 * The receiver says that the file is verified and noted. Whoever sent it on an earlier visit may have gone before it heard the first of that, and hears so
 * now. False where it cannot be true.
 */
export function noteDone(file: SendingFile): boolean {
  if (isLive(file) && file.offer.to !== undefined) [file.state, file.here, file.durable] = ['done', 'none', file.size];
  return !isLive(file);
}
