import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LargeRequests, largeRequestLimits } from '../../../gateway/budget/large-requests.ts';
import { readerOf } from '../../helpers/records.ts';

const { fromBytes, maxPauseMs, maxTurnMs, maxWaitMs, ofOrganisation, ofReader, waiting } = largeRequestLimits;
const large = fromBytes + 1;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const ignore = (): void => undefined;

/** Sends large requests as readers, such as `u-1` or `u-1 of A`, and lists those whose turn has begun and those refused. */
function asking() {
  const requests = new LargeRequests();
  const begun: string[] = [];
  const refused: string[] = [];
  const headers: Record<string, string> = {};
  const setHeaders = (fields: Readonly<Record<string, string>>) => void Object.assign(headers, fields);
  const ask = async (name: string, bytes = large): Promise<() => void> => {
    const signal = new AbortController().signal;
    const [subject = '', organisation = 'csirt-fr'] = name.split(' of ');
    const asked = { reader: readerOf({ subject, organisation }), signal, setHeaders };
    const leave = await requests.enter(bytes, asked).catch((error: unknown) => {
      refused.push(name);
      throw error;
    });
    begun.push(name);
    return leave;
  };
  return { ask, begun, refused, headers };
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

test('refuses large requests of one reader above their share of the queue, with the time to try again', async () => {
  const { ask, headers, refused } = asking();
  await Promise.all([ask('u-1'), ask('u-2')]);
  for (let at = 0; at < ofReader; at += 1) void ask('u-1');
  const codes: unknown[] = [];
  ask('u-1').catch(({ code }: { readonly code: unknown }) => codes.push(code));
  await settle();
  expect(codes).toEqual(['OVERLOADED']);
  expect(headers).toEqual({ 'retry-after': '2' });
  void ask('u-3');
  await settle();
  expect(refused).toEqual(['u-1']);
});

test('two readers do not keep the others out, however many large requests they send', async () => {
  const { ask, begun, refused } = asking();
  const ends = await Promise.all([ask('a-1 of A'), ask('a-2 of A')]);
  for (let at = 0; at < waiting; at += 1) for (const one of ['a-1 of A', 'a-2 of A']) ask(one).catch(ignore);
  void ask('b-1 of B');
  for (const end of ends) end();
  await jest.advanceTimersByTimeAsync(maxPauseMs);
  expect(begun.slice(2)).toContain('b-1 of B');
  expect(refused).not.toContain('b-1 of B');
});

test('a full queue gives a place of the organisation and the reader with most to another one', async () => {
  const { ask, refused } = asking();
  await Promise.all([ask('x of X'), ask('y of Y')]);
  for (const organisation of ['A', 'B', 'C', 'D'])
    for (let at = 0; at < ofOrganisation; at += 1)
      ask(`${at < ofOrganisation / 2 ? 'one' : 'two'}-${organisation} of ${organisation}`).catch(ignore);
  await settle();
  expect(refused).toEqual([]);
  void ask('e of E');
  await settle();
  expect(refused).toEqual(['one-A of A']);
});

test('an organisation at its share gives a place of its reader with most to another of its readers', async () => {
  const { ask, refused } = asking();
  await Promise.all([ask('x of X'), ask('y of Y')]);
  for (let at = 0; at < ofReader; at += 1) for (const one of ['a-1 of A', 'a-2 of A']) ask(one).catch(ignore);
  await settle();
  void ask('a-3 of A');
  await settle();
  expect(refused).toEqual(['a-1 of A']);
  // Both have one less than the reader with most now, so none displaces the other.
  ask('a-1 of A').catch(ignore);
  await settle();
  expect(refused).toEqual(['a-1 of A', 'a-1 of A']);
});

test('gives turns to the organisations in rotation, however many readers one of them has', async () => {
  const { ask, begun } = asking();
  const ends = await Promise.all([ask('x of X'), ask('y of Y')]);
  for (const one of ['a-1 of A', 'a-2 of A', 'a-3 of A', 'b-1 of B']) void ask(one);
  for (const end of ends) end();
  await jest.advanceTimersByTimeAsync(maxPauseMs);
  expect(begun.slice(2)).toEqual(['a-1 of A', 'b-1 of B']);
});

test('a request that waits for too long is refused, well before its deadline', async () => {
  const { ask, begun, refused } = asking();
  await Promise.all([ask('u-1'), ask('u-2')]);
  for (let at = 0; at < ofReader; at += 1) ask('u-1').catch(ignore);
  await jest.advanceTimersByTimeAsync(maxWaitMs - 1);
  expect([begun, refused]).toEqual([['u-1', 'u-2', 'u-1'], []]);
  await jest.advanceTimersByTimeAsync(1);
  expect(refused).toEqual(['u-1', 'u-1', 'u-1']);
  await jest.advanceTimersByTimeAsync(maxWaitMs);
  expect(begun).toHaveLength(3);
});
