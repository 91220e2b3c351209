import { expect, test } from '@jest/globals';
import { recordDisclosure } from '../../../gateway/audit/record.ts';
import { disclosure, facts } from './facts.ts';

const [clear, amber] = [disclosure({ tlp: 'CLEAR' }), disclosure({ tlp: 'AMBER' })];

test.each([
  ['of CLEAR records does not wait for its entry', [clear], [], 'appendLater'],
  ['of an AMBER record waits for it', [amber], [], 'append'],
  ['of CLEAR records waits if an earlier part disclosed an AMBER record', [clear], [amber], 'append'],
  ['of nothing new waits if an earlier part disclosed an AMBER record', [], [clear, amber], 'append'],
] as const)('an answer %s', async (_what, disclosed, before, expected) => {
  const calls: string[] = [];
  const trail = {
    healthy: true,
    append: async () => {
      calls.push('append');
      return await Promise.resolve({ id: '', seq: 1, hash: '' });
    },
    appendLater: () => void calls.push('appendLater'),
  };
  await recordDisclosure(trail, facts({ disclosed }), before);
  expect(calls).toEqual([expected]);
});
