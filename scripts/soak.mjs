// `npm run soak`: long transfers under faults, in real browsers; a word after `--` runs the ones whose file name has it.
import { measure } from './measure.mjs';

await measure('bench/soak');
