import type { ChromiumTab } from './chromium-tab.ts';

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
        const { port1, port2 } = new MessageChannel(); // heard once the frame is out of the page's hands
        port1.onmessage = () => resolve(performance.now() - timeStamp);
        port2.postMessage('');
      });
    addEventListener('click', handleClick, options);
  });
}

/** Clicks with the mouse, as a person does, and gives the milliseconds until the page's next painted frame. */
export async function clickAndWait({ page }: ChromiumTab): Promise<number> {
  const box = await page.locator(BUTTON).boundingBox();
  if (!box) throw new Error('There is no button to click.');
  await page.evaluate(watchNextClick);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  return page.evaluate(() => window.answeredMs!);
}

/** How long several clicks, one after the other, take to be answered, in milliseconds. */
export async function clickTimes(tab: ChromiumTab, clicks: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < clicks) times.push(await clickAndWait(tab));
  return times;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
