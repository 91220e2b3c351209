import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LargeRequests, largeRequestLimits } from '../../../gateway/budget/large-requests.ts';
import { readerOf } from '../../helpers/records.ts';

const { fromBytes, maxPauseMs, maxTurnMs, waiting } = largeRequestLimits;
const large = fromBytes + 1;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Sends large requests as readers, and lists those whose turn has begun. */
function asking() {
  const requests = new LargeRequests();
  const begun: string[] = [];
  const headers: Record<string, string> = {};
  const setHeaders = (fields: Readonly<Record<string, string>>) => void Object.assign(headers, fields);
  const ask = async (subject: string, bytes = large): Promise<() => void> => {
    const signal = new AbortController().signal;
    const leave = await requests.enter(bytes, { reader: readerOf({ subject }), signal, setHeaders });
    begun.push(subject);
    return leave;
  };
  return { ask, begun, headers };
}

/** Lets the promises settle that a turn has resolved. */
const settle = async (): Promise<void> => await jest.advanceTimersByTimeAsync(0);

test('a small request never waits, whatever is in progress', async () => {
  const { ask, begun } = asking();
  await Promise.all([ask('u-1'), ask('u-2')]);
  const [small] = [ask('u-3', fromBytes), ask('u-3')];
  await small;
  await settle();
  expect(begun).toEqual(['u-1', 'u-2', 'u-3']);
});

test('one reader has one large request in progress, and the readers take turns', async () => {
  const { ask, begun } = asking();
  const first = await ask('u-1');
  const waits = [ask('u-1'), ask('u-1')];
  const second = await ask('u-2');
  void ask('u-3');
  await settle();
  expect(begun).toEqual(['u-1', 'u-2']);
  first();
  second();
  await jest.advanceTimersByTimeAsync(maxPauseMs);
  expect(begun).toEqual(['u-1', 'u-2', 'u-1', 'u-3']);
  (await waits[0])?.();
});

test('pauses after a turn for as long as the turn was', async () => {
  const { ask, begun } = asking();
  const leave = await ask('u-1');
  void ask('u-1');
  await jest.advanceTimersByTimeAsync(100);
  leave();
  leave();
  await jest.advanceTimersByTimeAsync(99);
  expect(begun).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(begun).toHaveLength(2);
});

test('a turn ends after its maximum, though its request still waits for a subgraph', async () => {
  const { ask, begun } = asking();
  await ask('u-1');
  void ask('u-1');
  await jest.advanceTimersByTimeAsync(maxTurnMs + maxPauseMs);
  expect(begun).toHaveLength(2);
});

test('refuses large requests above the number that wait, with the time to try again', async () => {
  const { ask, headers } = asking();
  await Promise.all([ask('u-1'), ask('u-2')]);
  for (let at = 0; at < waiting / 2; at += 1) void ask('u-1');
  await expect(ask('u-1')).rejects.toMatchObject({ code: 'OVERLOADED' });
  expect(headers).toEqual({ 'retry-after': '2' });
  void ask('u-3');
});
