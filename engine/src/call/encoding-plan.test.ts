import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planEncodings, type PeerPlan, type PlanOptions } from './encoding-plan.ts';
import type { FreshReport } from './quality.ts';
import { readingOf } from './testing/readings.ts';

const GOOD: FreshReport = { roundTripMs: 40, sentLoss: 0 };
const LOSSY: FreshReport = { roundTripMs: 40, sentLoss: 0.2 };
const QUEUED: FreshReport = { roundTripMs: 400, sentLoss: 0 };
/** With headers: below this not even everyone's sound fits. */
const SOUND_COST = 46_400;

interface Seen {
  fresh?: FreshReport;
  availableBitsPerSecond?: number;
}

/** A call whose paths are told of once a second. */
class Call {
  plans = new Map<string, PeerPlan>();
  options: PlanOptions;
  #now = 0;

  constructor(upstreamBitsPerSecond: number, options: Partial<PlanOptions> = {}) {
    this.options = { upstreamBitsPerSecond, camera: true, screen: false, ...options };
  }

  run(seconds: number, seen: Record<string, Seen>): Map<string, PeerPlan> {
    for (let second = 0; second < seconds; second++) {
      this.#now += 1_000;
      const peers = Object.entries(seen).map(([id, { fresh = GOOD, availableBitsPerSecond }]) => {
        const reading = readingOf(this.#now, { fresh, availableBitsPerSecond });
        return [id, { reading, previous: this.plans.get(id) }] as const;
      });
      this.plans = planEncodings(new Map(peers), this.options);
    }
    return this.plans;
  }

  get sum(): number {
    return [...this.plans.values()].reduce((sum, { bitsPerSecond }) => sum + bitsPerSecond, 0);
  }
}

const plan = (upstream: number, options: Partial<PlanOptions> = {}) =>
  new Call(upstream, options).run(1, { bob: {} }).get('bob')!;

describe('one peer', () => {
  test('gets its picture back after a while where its path has only become longer', () => {
    const call = new Call(5_000_000);
    call.run(60, { bob: { fresh: { roundTripMs: 30, sentLoss: 0 } } });
    const [before, after] = [30, 240].map((seconds) =>
      call.run(seconds, { bob: { fresh: { roundTripMs: 330, sentLoss: 0 } } }).get('bob')!,
    );
    expect(before!.bitsPerSecond).toBeLessThan(1_000_000); // it might have been a queue
    expect(after!.camera).toMatchObject({ active: true, scaleResolutionDownBy: 1 });
  });

  test('gets a full picture and the best sound where there is room', () => {
    expect(plan(5_000_000)).toMatchObject({
      microphone: { maxBitrate: 40_000 },
      camera: { active: true, maxBitrate: 2_000_000, scaleResolutionDownBy: 1, maxFramerate: 30 },
      screen: { active: false },
    });
  });

  test('gets a small picture first, which arrives sooner, and a full one after a few good readings', () => {
    const call = new Call(5_000_000);
    const first = planEncodings(new Map([['bob', { reading: undefined, previous: undefined }]]), call.options);
    expect(first.get('bob')?.camera).toMatchObject({ active: true, scaleResolutionDownBy: 2 });
    call.plans = first;
    const scales = Array.from({ length: 6 }, () => call.run(1, { bob: {} }).get('bob')?.camera.scaleResolutionDownBy);
    expect(scales).toEqual([2, 2, 2, 1.5, 1, 1]);
  });

  test('gets a smaller picture with less room, then none; never less than speech that is understood', () => {
    const scales = [3_000_000, 800_000, 400_000, 270_000, 150_000].map((upstream) => plan(upstream).camera);
    expect(scales.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual([1, 1.5, 2, 3, 4]);
    expect(scales.every(({ active }) => active)).toBe(true);
    expect(plan(100_000).camera.active).toBe(false);
    expect(plan(10_000)).toMatchObject({ camera: { active: false }, microphone: { maxBitrate: 12_000 } });
  });

  test('gets the screen before the camera', () => {
    const roomy = plan(5_000_000, { screen: true });
    expect(roomy).toMatchObject({ screen: { active: true, scaleResolutionDownBy: 1, maxFramerate: 15 } });
    expect(roomy.camera.active).toBe(true);
    expect(roomy.screen.maxBitrate).toBeGreaterThan(roomy.camera.maxBitrate);
    const tight = plan(400_000, { screen: true });
    expect(tight).toMatchObject({ screen: { active: true, scaleResolutionDownBy: 1 }, camera: { active: false } });
    expect(tight.screen.maxFramerate).toBeLessThan(15);
    expect(plan(400_000, { screen: true, camera: false }).screen.active).toBe(true);
    expect(plan(100_000, { screen: true })).toMatchObject({
      screen: { active: false },
      screenSound: { maxBitrate: 0 },
    });
  });
});

test('with headers, the sum stays within the upstream, whatever the paths are like', () => {
  const seen = fc.record(
    {
      fresh: fc.constantFrom(GOOD, LOSSY, QUEUED, { roundTripMs: 70, sentLoss: 0.05 }),
      availableBitsPerSecond: fc.integer({ min: 10_000, max: 8_000_000 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 50_000, max: 20_000_000 }),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.array(seen, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 30 }),
      (upstream, camera, screen, seconds) => {
        const call = new Call(upstream, { camera, screen });
        for (const peers of seconds) {
          call.run(1, Object.fromEntries(peers.map((peer, index) => [`peer-${index}`, peer])));
          expect(call.sum).toBeLessThanOrEqual(Math.max(upstream, SOUND_COST * peers.length));
          for (const each of call.plans.values()) expect(each.microphone.maxBitrate).toBeGreaterThanOrEqual(12_000);
        }
      },
    ),
  );
});

describe('a poor path', () => {
  test('gets less, step by step, and the others get what it does not', () => {
    const call = new Call(4_000_000);
    const before = call.run(5, { bob: {}, carol: {} }).get('carol')!;
    call.run(20, { bob: { fresh: LOSSY }, carol: {} });
    const [bob, carol] = [call.plans.get('bob')!, call.plans.get('carol')!];
    expect(bob.bitsPerSecond).toBeLessThan(before.bitsPerSecond / 4);
    expect(carol.bitsPerSecond).toBeGreaterThan(before.bitsPerSecond);
    expect(bob.microphone.maxBitrate).toBeGreaterThanOrEqual(12_000);
  });

  test('loses its picture before its sound', () => {
    const call = new Call(2_000_000);
    call.run(60, { bob: { fresh: LOSSY } });
    expect(call.plans.get('bob')).toMatchObject({ camera: { active: false }, microphone: { maxBitrate: 12_000 } });
  });

  test('a queue counts like loss; a long path does not', () => {
    const far = new Call(2_000_000).run(20, { bob: { fresh: QUEUED } }).get('bob')!;
    expect(far.camera.scaleResolutionDownBy).toBe(1);
    const queued = new Call(2_000_000);
    queued.run(3, { bob: {} });
    expect(queued.run(12, { bob: { fresh: QUEUED } }).get('bob')!.camera.scaleResolutionDownBy).toBeGreaterThan(1);
  });

  test('answers that come late, with nothing lost, never switch a picture off: the computer may be busy', () => {
    for (const estimate of [{}, { availableBitsPerSecond: 290_000 }]) {
      const call = new Call(400_000);
      call.run(3, { bob: estimate });
      call.run(60, { bob: { fresh: QUEUED, ...estimate } });
      expect(call.plans.get('bob')!.camera.active).toBe(true);
    }
  });

  test('a queue that the browser sees, too, does; the picture is back soon after the queue', () => {
    const call = new Call(400_000);
    call.run(3, { bob: {} });
    call.run(15, { bob: { fresh: QUEUED, availableBitsPerSecond: 50_000 } });
    expect(call.plans.get('bob')!.camera.active).toBe(false);
    call.run(15, { bob: { availableBitsPerSecond: 50_000 } });
    expect(call.plans.get('bob')!.camera.active).toBe(true);
  });

  test('one bad second is forgiven within half a minute', () => {
    const call = new Call(2_000_000);
    const before = call.run(5, { bob: {} }).get('bob')!.bitsPerSecond;
    expect(call.run(1, { bob: { fresh: LOSSY } }).get('bob')!.bitsPerSecond).toBeLessThan(before);
    expect(call.run(30, { bob: {} }).get('bob')!.bitsPerSecond).toBe(before);
  });

  test('a loss between the two marks changes nothing, so that it does not flap', () => {
    const call = new Call(2_000_000);
    call.run(5, { bob: {} });
    call.run(3, { bob: { fresh: LOSSY } });
    const before = call.plans.get('bob')!.bitsPerSecond;
    const between = { fresh: { roundTripMs: 40, sentLoss: 0.06 } };
    for (let second = 0; second < 20; second++)
      expect(call.run(1, { bob: between }).get('bob')!.bitsPerSecond).toBe(before);
  });

  test('the same reading counts once', () => {
    const reading = readingOf(1_000, { fresh: LOSSY });
    const options = { upstreamBitsPerSecond: 2_000_000, camera: true, screen: false };
    const again = (previous: PeerPlan | undefined) =>
      planEncodings(new Map([['bob', { reading, previous }]]), options).get('bob')!;
    const first = again(undefined);
    let last = first;
    for (let count = 0; count < 6; count++) last = again(last);
    expect(last).toEqual(first);
  });
});

describe('the browser’s estimate', () => {
  test('chooses the size of the picture, and leaves the limit above it, else the estimate could not grow', () => {
    const { camera } = new Call(2_000_000).run(1, { bob: { availableBitsPerSecond: 250_000 } }).get('bob')!;
    expect(camera.scaleResolutionDownBy).toBeGreaterThan(1);
    expect(camera.maxBitrate).toBeGreaterThan(1_000_000);
  });

  test('that wavers around a step does not change the size each time', () => {
    const call = new Call(2_000_000);
    const sizes = Array.from({ length: 30 }, (_, second) => {
      const availableBitsPerSecond = second % 2 ? 740_000 : 680_000;
      return call.run(1, { bob: { availableBitsPerSecond } }).get('bob')!.camera.scaleResolutionDownBy;
    });
    expect(new Set(sizes.slice(2)).size).toBe(1);
  });

  test('alone never switches a picture off: it cannot grow while none is sent', () => {
    const { camera } = new Call(2_000_000).run(20, { bob: { availableBitsPerSecond: 30_000 } }).get('bob')!;
    expect(camera).toMatchObject({ active: true, scaleResolutionDownBy: 4 });
  });

  test('a picture grows again step by step', () => {
    const call = new Call(2_500_000);
    call.run(1, { bob: { availableBitsPerSecond: 150_000 } });
    const steps = Array.from({ length: 12 }, () => {
      return call.run(1, { bob: { availableBitsPerSecond: 5_000_000 } }).get('bob')!.cameraStep;
    });
    expect(steps.at(-1)).toBe(0);
    expect(steps.slice(1).every((step, index) => steps[index]! - step! <= 1)).toBe(true);
  });
});
