import { expect, jest, test } from '@jest/globals';
import { ReaderWatch } from '../../../gateway/live/reader-watch.ts';
import type { Identity } from '../../../gateway/request/context.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';

const started = Date.parse('2026-03-04T12:00:00.000Z');
const soon = new Date(started + 100).toISOString();

test.each([
  ['an office', { offices: [{ office: 'editor', until: soon }] }],
  ['a grant', { grants: [{ id: 'G1', by: 'cert-eu', until: soon }] }],
])('asks the registry again as soon as %s ends, not only after a second', async (_case, held) => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(started);
  // On a busy machine one check takes more than the second after which the next is due anyway.
  const second = jest.spyOn(performance, 'now').mockReturnValue(0);
  try {
    let reads = 0;
    const identify = () => {
      reads += 1;
      return Promise.resolve({ reader: readerOf(held), expiresAt: new Date('2999-01-01') } as Identity);
    };
    const watch = new ReaderWatch('Bearer a.b.c', { identify, policyInForce: () => policy });
    await watch.fresh();
    await watch.fresh();
    expect(reads).toBe(1);
    clock.mockReturnValue(started + 100);
    await watch.fresh();
    expect(reads).toBe(2);
  } finally {
    clock.mockRestore();
    second.mockRestore();
  }
});
