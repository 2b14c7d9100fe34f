// `npm run bench`: the measurements of docs/benchmarks.md; a word after `--` runs the ones whose file name has it.
import { measure } from './measure.mjs';

await measure('bench');
