import type { Tab } from './tab.ts';

/** A page that a driver can click with the mouse. */
export type ClickableTab = Tab & { readonly page: { readonly mouse: { click(x: number, y: number): Promise<void> } } };

declare global {
  interface Window {
    /** From the person's click to the next frame that is painted after it, in milliseconds. */
    answeredMs?: Promise<number>;
  }
}

/** Opens and closes the panel with the link: a click that changes what is seen, and that nothing comes of. */
const BUTTON = 'header button[aria-controls="share"]';

/** Runs in the page: the next click is measured, from the moment at which the browser took it from the mouse. */
function watchNextClick(): void {
  window.answeredMs = new Promise((resolve) => {
    const options = { capture: true, once: true };
    const handleClick = ({ timeStamp }: MouseEvent) =>
      requestAnimationFrame(() => {
        // Before anything else that the page has still to do: once the frame is out of its hands.
        const isOut = () => resolve(performance.now() - timeStamp);
        void scheduler.postTask(isOut, { priority: 'user-blocking' });
      });
    addEventListener('click', handleClick, options);
  });
}

/** Clicks with the mouse, as a person does, and gives the milliseconds until the page's next painted frame. */
export async function clickAndWait(tab: ClickableTab): Promise<number> {
  const [x, y] = await tab.evaluate((selector): [number, number] => {
    const button = document.querySelector(selector)!;
    button.scrollIntoView({ block: 'nearest' });
    const { left, top, width, height } = button.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  }, BUTTON);
  await tab.evaluate(watchNextClick, undefined);
  await tab.page.mouse.click(x, y);
  return tab.evaluate(() => window.answeredMs!, undefined);
}

/** How long several clicks, one after the other, take to be answered, in milliseconds. */
export async function clickTimes(tab: ClickableTab, clicks: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < clicks) times.push(await clickAndWait(tab));
  return times;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
