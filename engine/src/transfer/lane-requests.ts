import type { LaneName } from './path.ts';

/** What was asked for on one lane and has not arrived. It goes with the lane, and with no other. */
export class LaneRequests {
  readonly index: number;
  readonly epoch: number;
  awaitedBytes = 0;

  constructor({ index, epoch }: LaneName) {
    this.index = index;
    this.epoch = epoch;
  }
}
