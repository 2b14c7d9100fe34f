import type { MediaProblem } from './media-problem.ts';

/** What there is to show of the microphone, the camera or the screen. */
export interface SourceState {
  on: boolean;
  /** The person wants it on; the browser has been asked for it and has not answered. */
  starting: boolean;
  /** Why it is not there, or why it is not the device that was chosen, until it is asked for again. */
  problem: MediaProblem | undefined;
}

export const OFF: SourceState = { on: false, starting: false, problem: undefined };
