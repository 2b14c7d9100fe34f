/** One element as a test sees it. */
export interface Seen {
  text: string;
  value: string;
  /** The `data-*` attributes, by their names without `data-`. */
  data: Record<string, string>;
}

/** A file in the person's downloads. */
export interface SavedFile {
  /** Where it lies now, until the tab is closed. */
  path: string;
  /** What the browser calls it. */
  name: string;
}

/** One person's browser with one page, whichever browser it is. Selectors are CSS; every act waits for its element. */
export interface Tab {
  open(url: string): Promise<void>;
  reload(): Promise<void>;
  click(selector: string): Promise<void>;
  /** Replaces the text of an input. */
  fill(selector: string, text: string): Promise<void>;
  /** Hands files to an `<input type=file>`; in Chromium also one folder. */
  chooseFiles(selector: string, paths: readonly string[]): Promise<void>;
  /** Chooses an option of a `<select>`. */
  select(selector: string, value: string): Promise<void>;
  /** Runs a function in the page. */
  evaluate<Argument, Result>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  /** Runs a function in every page that is opened from now on, before its own scripts. */
  runFirst(script: () => void): Promise<void>;
  /** All matching elements, at once; none is an answer too. */
  see(selector: string): Promise<Seen[]>;
  /** Clicks, and gives the downloads that this leads to once each of them is whole, by then; `sizes` in bytes, 0 where it is not known. */
  download(selector: string, sizes: readonly number[], timeoutMs?: number): Promise<SavedFile[]>;
  /** Errors that the page logged or threw, and every breach of its content security policy. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** Runs in the page: what `see` gives for the elements. */
export function seeElements(elements: Element[]): Seen[] {
  return elements.map((element) => ({
    text: element.textContent.trim(),
    value: 'value' in element && typeof element.value === 'string' ? element.value : '',
    data: Object.fromEntries(
      [...element.attributes].flatMap(({ name, value }) => (name.startsWith('data-') ? [[name.slice(5), value]] : [])),
    ),
  }));
}

/** Runs in the page before its own scripts: breaches of the policy become console errors in every browser. */
export function reportPolicyViolations(): void {
  addEventListener('securitypolicyviolation', (event) => {
    console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
  });
}
