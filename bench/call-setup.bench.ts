// How long from a click to the first picture of the other side, beside a bare RTCPeerConnection: the same two browsers, in pairs of
// alternating runs. The one who calls clicks, the other's page answers as soon as it rings; both open camera and microphone. The bare pages
// do the same in the least code, over a data channel that is open already, as Tincan's link is.
import type { Page } from '@playwright/test';
import { CallPage } from '../e2e/support/call-page.ts';
import { expect, test } from '../e2e/support/test.ts';
import { id } from '../e2e/support/tincan-page.ts';
import { connectRaw } from './raw-channel.ts';

const PAIRS = Number(process.env['BENCH_PAIRS'] ?? 11);

declare global {
  interface Window {
    /** From the click, or the beginning, to the first picture of the other side, in milliseconds. */
    firstPicture?: Promise<number>;
    /** Lets go of everything that a bare run has opened: the next run has the machine for itself. */
    endBare?: () => void;
  }
}

/** Runs in the page of whoever calls: waits for the click, then for the first picture. */
function watchCall(): void {
  window.firstPicture = new Promise((resolve) => {
    document.querySelector('[data-testid="call-video"]')?.addEventListener('click', () => {
      const start = performance.now();
      const look = () => {
        const video = document.querySelector<HTMLVideoElement>('[data-testid="remote-video"]');
        if (!video) return requestAnimationFrame(look);
        return video.requestVideoFrameCallback(() => resolve(performance.now() - start));
      };
      look();
    });
  });
}

/** Runs in the page of whoever is called: answers at once. */
function answerAtOnce(): void {
  const observer = new MutationObserver(() => {
    const button = document.querySelector<HTMLButtonElement>('[data-testid="call-accept"]');
    if (!button) return;
    observer.disconnect();
    button.click();
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

/** Runs in a bare page, on either side. */
function prepareBare(calls: boolean): void {
  const open = async () => {
    const signaling = await window.raw!.channel;
    const start = performance.now();
    const connection = new RTCPeerConnection();
    const send = (message: object) => signaling.send(JSON.stringify(message));
    connection.onicecandidate = ({ candidate }) => candidate && send({ candidate });
    let described: Promise<unknown> = Promise.resolve();
    const capture = async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1_280, height: 720 } });
      for (const track of stream.getTracks()) connection.addTrack(track, stream);
      return stream;
    };
    const captured = calls ? capture() : undefined;
    const video = document.createElement('video');
    video.muted = true;
    document.body.append(video);
    const first = new Promise<number>((resolve) => {
      connection.ontrack = ({ track, streams: [stream] }) => {
        if (track.kind !== 'video' || !stream) return;
        video.srcObject = stream;
        void video.play();
        video.requestVideoFrameCallback(() => resolve(performance.now() - start));
      };
    });
    signaling.onmessage = ({ data }) => {
      const message = JSON.parse(data as string) as {
        description?: RTCSessionDescriptionInit;
        candidate?: RTCIceCandidateInit;
        end?: true;
      };
      described = described.then(async () => {
        if (message.candidate) await connection.addIceCandidate(message.candidate);
        if (!message.description) return;
        await connection.setRemoteDescription(message.description);
        if (message.description.type !== 'offer') return;
        await capture();
        await connection.setLocalDescription();
        send({ description: connection.localDescription?.toJSON() as object });
      });
    };
    if (captured) {
      await captured;
      await connection.setLocalDescription();
      send({ description: connection.localDescription?.toJSON() as object });
    }
    const taken = await first;
    window.endBare = () => {
      for (const { track } of connection.getSenders()) track?.stop();
      connection.close();
      video.remove();
    };
    return taken;
  };
  window.firstPicture = open();
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

test('the first picture of a call, beside a bare connection', async ({ server, openPerson }) => {
  const [alice, bob] = [await openPerson(), await openPerson()];
  const calls = [await CallPage.of(alice), await CallPage.of(bob)] as const;
  await bob.join(await alice.startRoom(server.url));
  await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
  const pages = { alice: alice.tab.page, bob: bob.tab.page };
  const bare = { alice: await pages.alice.context().newPage(), bob: await pages.bob.context().newPage() };
  for (const page of Object.values(bare)) await page.goto(`${server.url}/health`); // devices are for secure pages only
  await connectRaw(bare.alice, bare.bob);
  /** As a person would find them: drawn, and at rest. */
  const inFront = async (shown: { alice: Page; bob: Page }) => {
    for (const page of [shown.alice, shown.bob]) {
      await page.bringToFront();
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve))));
    }
  };

  const runTincan = async () => {
    await inFront(pages);
    await pages.bob.evaluate(answerAtOnce);
    await pages.alice.evaluate(watchCall);
    await pages.alice.click(id('call-video'));
    const taken = await pages.alice.evaluate(() => window.firstPicture);
    await calls[0].waitForLive(1);
    await calls[0].hangUp();
    await Promise.all(calls.map((call) => call.waitForQuiet()));
    return taken!;
  };
  const runBare = async () => {
    await inFront(bare);
    await bare.bob.evaluate(prepareBare, false);
    await bare.alice.evaluate(prepareBare, true);
    const taken = await bare.alice.evaluate(() => window.firstPicture);
    await bare.bob.evaluate(() => window.firstPicture);
    for (const page of [bare.alice, bare.bob]) await page.evaluate(() => window.endBare!());
    return taken!;
  };

  const ratios: number[] = [];
  console.log('pair     Tincan ms     bare ms   ratio');
  for (let pair = 0; pair <= PAIRS; pair++) {
    // Each is first in every other pair: what the machine does besides hits both alike.
    const [tincan, raw] =
      pair % 2 === 0 ? [await runTincan(), await runBare()] : [await runBare(), await runTincan()].reverse();
    if (pair === 0) continue; // the first pair warms both up
    ratios.push(tincan! / raw!);
    console.log(
      `${String(pair).padEnd(6)}${tincan!.toFixed(0).padStart(12)}${raw!.toFixed(0).padStart(12)}${(tincan! / raw!).toFixed(2).padStart(8)}`,
    );
  }
  console.log(
    `median ratio ${median(ratios).toFixed(2)}, range ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, ${PAIRS} pairs`,
  );
  expect(median(ratios)).toBeLessThan(1.5);
});
