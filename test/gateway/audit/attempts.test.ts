import { expect, test } from '@jest/globals';
import { Attempts, type Counted } from '../../../gateway/audit/attempts.ts';
import { draftAttempts } from '../../../gateway/audit/entry.ts';

test('writes one entry for many failed requests, by code and organisation', () => {
  const written: Counted[] = [];
  const attempts = new Attempts((counted) => void written.push(counted));
  for (let n = 0; n < 1000; n += 1) attempts.count('UNAUTHENTICATED', null);
  attempts.count('RATE_LIMITED', 'enisa');
  attempts.write();
  attempts.write();
  attempts.stop();
  expect(written).toMatchObject([
    {
      attempts: [
        { code: 'UNAUTHENTICATED', organisation: null, count: 1000 },
        { code: 'RATE_LIMITED', organisation: 'enisa', count: 1 },
      ],
      more: 0,
    },
  ]);
});

test('bounds the entry, and counts what does not fit', () => {
  const written: Counted[] = [];
  const attempts = new Attempts((counted) => void written.push(counted));
  for (let n = 0; n < 10_000; n += 1) attempts.count('RATE_LIMITED', `organisation-${n}`);
  attempts.stop();
  expect(written[0]?.attempts).toHaveLength(200);
  expect(written[0]?.more).toBe(9800);
  expect(draftAttempts(written[0] as Counted, 'd', 'e-1').size).toBeLessThan(30_000);
});

test('keeps the counts while the log cannot be written', () => {
  const written: Counted[] = [];
  let isAway = true;
  const attempts = new Attempts((counted) => {
    if (isAway) throw new Error('away');
    written.push(counted);
  });
  attempts.count('TOO_LARGE', null);
  attempts.write();
  isAway = false;
  attempts.count('TOO_LARGE', null);
  attempts.stop();
  expect(written).toMatchObject([{ attempts: [{ code: 'TOO_LARGE', organisation: null, count: 2 }] }]);
});

test('writes every interval', async () => {
  const { promise, resolve } = Promise.withResolvers<Counted>();
  const attempts = new Attempts(resolve, 20);
  attempts.count('NOT_FOUND', null);
  expect((await promise).attempts).toHaveLength(1);
  attempts.stop();
});
