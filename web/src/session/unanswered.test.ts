import { expect, test } from 'vitest';
import { unansweredFiles } from './unanswered.ts';
import type { StagedView, TransferView } from './views.ts';

const sent = (path: string, state: TransferView['state'], direction: TransferView['direction'] = 'send') =>
  ({ path, state, direction }) as TransferView;
const staged = (...paths: string[]) =>
  paths.map((path): StagedView => ({ id: path, path, size: 1, isOffered: () => path.endsWith(', offered') }));

test.each([
  ['that nobody has been offered', [], ['a', 'b'], 2],
  ['that one has not answered', [sent('a', 'offered')], [], 1],
  ['that is kept for others too', [sent('a', 'offered')], ['a, offered'], 1],
  ['that two have not answered, once', [sent('a', 'offered'), sent('a', 'offered')], ['a, offered'], 1],
  ['that one has taken and another not yet answered', [sent('a', 'done'), sent('a', 'offered')], ['a, offered'], 1],
  ['that has the name of one that was answered', [sent('a', 'done')], ['a'], 1],
  ['but not one that everyone who came has answered', [sent('a', 'active'), sent('b', 'declined')], ['a, offered'], 0],
  ['but not one that is offered to this page', [sent('a', 'offered', 'receive')], [], 0],
])('counts a file %s', (_, transfers, paths, count) => {
  expect(unansweredFiles(transfers, staged(...paths))).toBe(count);
});
