import { expect, test } from '@jest/globals';
import { SharedWork } from '../../../schema/runtime/shared-work.ts';

const tick = async () => await new Promise((resolve) => setImmediate(resolve));
const fail = () => Promise.reject(new Error('failed'));

test('runs work once for all callers of a key that wait together, and again for a later one', async () => {
  const shared = new SharedWork<number>();
  let runs = 0;
  const work = async () => {
    runs += 1;
    await tick();
    return runs;
  };
  expect(await Promise.all([shared.run('a', null, work), shared.run('a', null, work)])).toEqual([1, 1]);
  expect(await Promise.all([shared.run('a', null, work), shared.run('b', null, work)])).toEqual([3, 3]);
});

test('rejects for every caller if the work fails, and keeps nothing', async () => {
  const shared = new SharedWork<number>();
  const both = await Promise.allSettled([shared.run('a', null, fail), shared.run('a', null, fail)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared.run('a', null, () => Promise.resolve(1))).toBe(1);
});

test('goes on for the others if the first caller leaves', async () => {
  const shared = new SharedWork<string>();
  const { promise, resolve } = Promise.withResolvers<string>();
  const [first, second] = [new AbortController(), new AbortController()];
  let isAborted = false;
  const work = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => (isAborted = true));
    return await promise;
  };
  const leaving = shared.run('a', first.signal, work);
  const staying = shared.run('a', second.signal, work);
  first.abort(new Error('gone'));
  await expect(leaving).rejects.toThrow('gone');
  expect(isAborted).toBe(false);
  resolve('done');
  expect(await staying).toBe('done');
});

test('aborts the work when every caller has left, and starts it again for the next one', async () => {
  const shared = new SharedWork<string>();
  const caller = new AbortController();
  let aborted = 0;
  const hang = async (signal: AbortSignal) =>
    await new Promise<string>((_resolve, reject) =>
      signal.addEventListener('abort', () => {
        aborted += 1;
        reject(signal.reason as Error);
      }),
    );
  const leaving = shared.run('a', caller.signal, hang);
  caller.abort(new Error('gone'));
  await expect(leaving).rejects.toThrow('gone');
  expect(aborted).toBe(1);
  expect(await shared.run('a', null, () => Promise.resolve('again'))).toBe('again');
});

test('runs the work of the other callers, once for all of them, after the first work has parted from them', async () => {
  const shared = new SharedWork<string>();
  const slow = Promise.withResolvers<string>();
  let runs = 0;
  const other = async () => {
    runs += 1;
    await tick();
    return 'own';
  };
  const parting = Promise.withResolvers<void>();
  const first = shared.run('a', null, async (_signal, callers) => {
    await parting.promise;
    expect(callers.count()).toBe(3);
    callers.part();
    return await slow.promise;
  });
  const others = [shared.run('a', null, other), shared.run('a', null, other)];
  await tick();
  parting.resolve();
  await tick();
  expect(await Promise.all([...others, shared.run('a', null, other)])).toEqual(['own', 'own', 'own']);
  expect(runs).toBe(1);
  slow.resolve('late');
  expect(await first).toBe('late');
});

test('shares nothing of work that parts at once, and aborts it when its caller leaves', async () => {
  const shared = new SharedWork<string>();
  const caller = new AbortController();
  let isAborted = false;
  const first = shared.run('a', caller.signal, async (signal, callers) => {
    callers.part();
    signal.addEventListener('abort', () => (isAborted = true));
    return await new Promise<string>(() => undefined);
  });
  expect(await shared.run('a', null, () => Promise.resolve('own'))).toBe('own');
  caller.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  expect(isAborted).toBe(true);
});
