// Who gets how much of what this page can send, and what is made of it: sound first, then the screen, then the camera. The browser's own
// control adapts to each path below these limits; they keep the sum within the upstream and choose what a picture gives up when there is little.
import { nextPathShare, type PathShare } from './path-share.ts';
import type { Reading } from './quality.ts';

/** IPv6 and UDP (48), RTP with its extensions (24), the seal (10), a relay's own header (4): what each packet adds, in bytes. */
const PACKET_OVERHEAD_BYTES = 86;
/** What browsers put into one packet of a picture. */
const PICTURE_PACKET_BYTES = 1_100;
/** A packet of sound each 20 ms. */
const SOUND_PACKETS_PER_SECOND = 50;
/** The rest is for what is sent again, reports, and the link's own messages. */
const USABLE_PART = 0.93;

/** Speech at its best, well, and understandable. */
const SPEECH_RATES = [40_000, 24_000, 12_000] as const;
/** Sound gets at most so much of a share that has to hold pictures as well. */
const SPEECH_PART = 0.25;
const SCREEN_SOUND_RATE = 48_000;

/** A browser's estimate is low while little is sent, and its own control is finer than ours: only well below it do we make a picture smaller. */
const ESTIMATE_MARGIN = 1.5;

/** What a camera's picture of 720 lines is turned into, by what it may take at least. */
const CAMERA_STEPS = [
  { least: 900_000, scaleResolutionDownBy: 1, maxFramerate: 30 },
  { least: 450_000, scaleResolutionDownBy: 1.5, maxFramerate: 30 },
  { least: 220_000, scaleResolutionDownBy: 2, maxFramerate: 25 },
  { least: 110_000, scaleResolutionDownBy: 3, maxFramerate: 20 },
  { least: 50_000, scaleResolutionDownBy: 4, maxFramerate: 12 },
] as const;
const OFF = CAMERA_STEPS.length;
const SMALLEST = OFF - 1;
/** On a path that nothing is known of a browser begins slowly: a full first picture would take three times as long to arrive as one of this step. */
const FIRST_STEP = 2;
const CAMERA_MOST = 2_000_000;
/** A step up needs so much more than the step's least, for so many readings without trouble: a picture that keeps changing its size is worse than a small one. */
const STEP_UP_MARGIN = 1.3;
const STEP_UP_READINGS = 4;

/** Text has to stay sharp: a screen gives up pictures per second, never its size. */
const SCREEN_STEPS = [
  { least: 800_000, maxFramerate: 15 },
  { least: 300_000, maxFramerate: 8 },
  { least: 80_000, maxFramerate: 4 },
] as const;
const SCREEN_MOST = 2_500_000;
/** Beside a screen the camera gets at most so much, once the screen has what it needs to be read well. */
const CAMERA_PART_BESIDE_SCREEN = 0.25;
const SCREEN_NEEDS = 300_000;

/** Limits change in steps of this, in bits per second: each change is a call into the browser. */
const RATE_STEP = 10_000;

export interface PlannedPeer {
  reading: Reading | undefined;
  previous: PeerPlan | undefined;
}

export interface PlanOptions {
  /** For all peers together, in bits per second. */
  upstreamBitsPerSecond: number;
  camera: boolean;
  screen: boolean;
}

interface PicturePlan {
  readonly active: boolean;
  readonly maxBitrate: number;
  readonly maxFramerate: number;
  readonly scaleResolutionDownBy: number;
}

/** What one peer is sent, in bits per second without packets' headers. */
export interface PeerPlan {
  readonly microphone: { readonly maxBitrate: number };
  readonly camera: PicturePlan;
  readonly screen: PicturePlan;
  readonly screenSound: { readonly maxBitrate: number };
  /** All of it with packets' headers, at most. */
  readonly bitsPerSecond: number;
  /** For the next plan. */
  readonly path: PathShare;
  /** `undefined` while there is no camera: the next one begins afresh. */
  readonly cameraStep: number | undefined;
}

/**
 * Divides the upstream. With headers the plans' sum is at most `upstreamBitsPerSecond`, if that is enough for everyone's sound (47 kbit/s
 * each); sound is never given up. To be called with each round of readings; the same reading counts once.
 */
export function planEncodings<Id>(peers: ReadonlyMap<Id, PlannedPeer>, options: PlanOptions): Map<Id, PeerPlan> {
  const paths = new Map<Id, PathShare>();
  for (const [id, { reading, previous }] of peers)
    paths.set(id, nextPathShare(previous?.path, reading, previous?.bitsPerSecond ?? Infinity));
  const shares = divide(USABLE_PART * options.upstreamBitsPerSecond, paths);
  const plans = new Map<Id, PeerPlan>();
  for (const [id, peer] of peers) plans.set(id, planPeer(peer, paths.get(id)!, shares.get(id)!, options));
  return plans;
}

/** Equal parts; what a path is not trusted with goes to the others. */
function divide<Id>(total: number, paths: ReadonlyMap<Id, PathShare>): Map<Id, number> {
  const shares = new Map<Id, number>();
  let left = total;
  const byTrust = [...paths].sort(([, a], [, b]) => (a.mostBitsPerSecond < b.mostBitsPerSecond ? -1 : 1));
  for (const [id, { mostBitsPerSecond }] of byTrust) {
    const share = Math.min(mostBitsPerSecond, left / (byTrust.length - shares.size));
    shares.set(id, share);
    left -= share;
  }
  return shares;
}

/** The values are valid in a browser, and mean nothing while nothing is sent. */
const INACTIVE: PicturePlan = { active: false, maxBitrate: RATE_STEP, maxFramerate: 1, scaleResolutionDownBy: 1 };

function planPeer(
  { reading, previous }: PlannedPeer,
  path: PathShare,
  share: number,
  { camera, screen }: PlanOptions,
): PeerPlan {
  const speech = SPEECH_RATES.find((rate) => soundCost(rate) <= SPEECH_PART * share) ?? SPEECH_RATES.at(-1)!;
  const sound = soundCost(speech) + (screen ? soundCost(SCREEN_SOUND_RATE) : 0);
  const hasScreenSound = screen && sound <= 2 * SPEECH_PART * share;
  const spent = hasScreenSound ? sound : soundCost(speech);
  const pictures = Math.max(0, share - spent);
  // The browser cannot go beyond its own estimate, so a picture is made for that; its limit stays above, else the estimate could not grow.
  const likely = Math.max(0, Math.min(share, reading?.availableBitsPerSecond ?? Infinity) - spent);

  const forCamera = screen
    ? Math.max(0, Math.min(CAMERA_PART_BESIDE_SCREEN * pictures, pictures - SCREEN_NEEDS))
    : pictures;
  const likelyForCamera = screen ? Math.min(forCamera, CAMERA_PART_BESIDE_SCREEN * likely) : likely;
  const step = camera ? cameraStep(forCamera, likelyForCamera, previous, path, reading === undefined) : OFF;
  const cameraPlan = cameraAt(step, forCamera);
  const screenPlan = screen ? screenAt(pictures - cost(cameraPlan)) : INACTIVE;
  return {
    microphone: { maxBitrate: speech },
    camera: cameraPlan,
    screen: screenPlan,
    screenSound: { maxBitrate: hasScreenSound ? SCREEN_SOUND_RATE : 0 },
    bitsPerSecond: spent + cost(cameraPlan) + cost(screenPlan),
    path,
    cameraStep: camera ? step : undefined,
  };
}

/** Down at once; up a step at a time, and only after a while without trouble. */
function cameraStep(
  limit: number,
  likely: number,
  previous: PeerPlan | undefined,
  { goodReadings }: PathShare,
  isUnknown: boolean,
): number {
  const step = previous?.cameraStep;
  const fitting = fittingStep(limit, likely);
  if (step === undefined) return isUnknown ? Math.max(FIRST_STEP, fitting) : fitting;
  if (fitting >= step) return fitting;
  if (goodReadings < STEP_UP_READINGS) return step;
  return fittingStep(limit / STEP_UP_MARGIN, likely / STEP_UP_MARGIN) < step ? step - 1 : step;
}

/** An estimate alone does not switch a picture off: it cannot grow while none is sent. A path that shows trouble gets a lower limit. */
function fittingStep(limit: number, likely: number): number {
  if (stepFor(limit) === OFF) return OFF;
  return Math.min(SMALLEST, stepFor(Math.min(limit, ESTIMATE_MARGIN * likely)));
}

function stepFor(budget: number): number {
  const step = CAMERA_STEPS.findIndex(({ least, maxFramerate }) => rateWithin(budget, maxFramerate) >= least);
  return step < 0 ? OFF : step;
}

function cameraAt(step: number, budget: number): PicturePlan {
  const chosen = CAMERA_STEPS[step];
  if (!chosen) return INACTIVE;
  const { scaleResolutionDownBy, maxFramerate } = chosen;
  return pictureWithin(budget, CAMERA_MOST, maxFramerate, scaleResolutionDownBy);
}

function screenAt(budget: number): PicturePlan {
  const chosen = SCREEN_STEPS.find(({ least, maxFramerate }) => rateWithin(budget, maxFramerate) >= least);
  return chosen ? pictureWithin(budget, SCREEN_MOST, chosen.maxFramerate, 1) : INACTIVE;
}

function pictureWithin(budget: number, most: number, maxFramerate: number, scaleResolutionDownBy: number): PicturePlan {
  const maxBitrate = Math.floor(Math.min(most, rateWithin(budget, maxFramerate)) / RATE_STEP) * RATE_STEP;
  return { active: maxBitrate > 0, maxBitrate, maxFramerate, scaleResolutionDownBy };
}

/** What a picture may take without headers when it may take `budget` with them. */
function rateWithin(budget: number, framesPerSecond: number): number {
  const small = budget - 8 * PACKET_OVERHEAD_BYTES * framesPerSecond;
  const large = budget / (1 + PACKET_OVERHEAD_BYTES / PICTURE_PACKET_BYTES);
  return Math.max(0, Math.min(small, large));
}

/** With headers: a packet for each picture at least. */
function cost({ active, maxBitrate, maxFramerate }: PicturePlan): number {
  if (!active) return 0;
  const packets = Math.max(maxFramerate, maxBitrate / (8 * PICTURE_PACKET_BYTES));
  return maxBitrate + 8 * PACKET_OVERHEAD_BYTES * packets;
}

function soundCost(rate: number): number {
  return rate + 8 * PACKET_OVERHEAD_BYTES * SOUND_PACKETS_PER_SECOND;
}
