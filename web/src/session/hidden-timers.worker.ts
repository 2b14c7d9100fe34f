import { READY, type TimerRequest } from './hidden-timers.ts';

addEventListener('message', ({ data: { id, ms } }: MessageEvent<TimerRequest>) =>
  setTimeout(() => postMessage(id), ms),
);
postMessage(READY);
