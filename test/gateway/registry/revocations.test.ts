import { expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { findRevoked, watchRevocations } from '../../../gateway/registry/revocations.ts';
import { until } from '../../helpers/until.ts';

const now = new Date('2026-03-04T12:00:00Z');
const later = new Date('2026-03-04T13:00:00Z');
const token = { id: 't-1', subject: 'u-1' };

function entry(_id: string, end: unknown = later) {
  return { _id, until: end as Date, at: now, because: 'exercise' };
}

test('revokes one token by its id, and all tokens of a subject, until the end', () => {
  expect(findRevoked([entry('token:t-1')], token, now)).toBe(true);
  expect(findRevoked([entry('subject:u-1')], token, now)).toBe(true);
  expect(findRevoked([entry('token:t-1')], token, later)).toBe(false);
  for (const other of ['token:u-1', 'subject:t-1', 't-1', 'token:t-2', 'subject:u-2'])
    expect(findRevoked([entry(other)], token, now)).toBe(false);
});

test('counts a revocation with a malformed end as in force', () => {
  for (const end of [undefined, null, '2026-01-01', 0, new Date(NaN), [now]])
    expect(findRevoked([entry('token:t-1', end)], token, now)).toBe(true);
});

/** A database whose `revocations` are those of the function. */
function dbOf(read: () => Promise<readonly object[]>): Db {
  return { collection: () => ({ find: () => ({ toArray: read }) }) } as unknown as Db;
}

test('refuses every token until the revocations are read, and while they cannot be read', async () => {
  const unread = watchRevocations(
    dbOf(() => new Promise(() => {})),
    () => {},
  );
  expect(unread.isKnown()).toBe(false);
  expect(() => unread.isRevoked(token, now)).toThrow(
    expect.objectContaining({ code: 'REGISTRY_UNAVAILABLE' }),
  );
  unread.stop();
  const faults: unknown[] = [];
  const failing = watchRevocations(
    dbOf(() => Promise.reject(new Error('away'))),
    (fault) => faults.push(fault),
  );
  await until('a fault', () => faults.length > 0);
  expect(() => failing.isRevoked(token, now)).toThrow(
    expect.objectContaining({ code: 'REGISTRY_UNAVAILABLE' }),
  );
  failing.stop();
});

test('follows the revocations without a restart', async () => {
  let stored: readonly object[] = [];
  const watched = watchRevocations(
    dbOf(() => Promise.resolve(stored)),
    () => {},
  );
  await until('the revocations', () => watched.isKnown());
  expect(watched.isRevoked(token, now)).toBe(false);
  stored = [entry('token:t-1')];
  await until('the new one', () => watched.isRevoked(token, now));
  watched.stop();
});
