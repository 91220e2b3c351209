import { expect, test } from '@jest/globals';
import { Turns } from '../../../schema/runtime/turns.ts';

const never = new AbortController().signal;
const tick = async () => await new Promise((resolve) => setImmediate(resolve));

test('gives turns to readers in rotation, however many callers one of them has', async () => {
  const turns = new Turns(1, 100);
  const begun: string[] = [];
  const work = async (reader: string, name: string): Promise<void> => {
    const leave = await turns.take(reader, never);
    begun.push(name);
    await tick();
    leave();
  };
  const many = ['a1', 'a2', 'a3', 'a4'].map(async (name) => await work('a', name));
  const few = ['b1', 'c1', 'b2'].map(async (name) => await work(name.slice(0, 1), name));
  await Promise.all([...many, ...few]);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

test('refuses callers above the maximum, those of one reader above half of it, and has room again', async () => {
  const turns = new Turns(1, 4);
  const leave = await turns.take('a', never);
  const waiting = [turns.take('a', never), turns.take('a', never)];
  await expect(turns.take('a', never)).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
  const others = [turns.take('b', never), turns.take('b', never)];
  await expect(turns.take('c', never)).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
  leave();
  (await waiting[0])?.();
  (await others[0])?.();
  (await waiting[1])?.();
  (await others[1])?.();
  (await turns.take('a', never))();
});

test('a caller that leaves while it waits takes no turn', async () => {
  const turns = new Turns(1, 4);
  const leaving = new AbortController();
  const leave = await turns.take('a', never);
  const gone = turns.take('a', leaving.signal);
  const next = turns.take('b', never);
  leaving.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  leave();
  (await next)();
  await expect(turns.take('a', leaving.signal)).rejects.toThrow('gone');
});

test('gives one reader half of the turns at most', async () => {
  const turns = new Turns(4, 100);
  const held = [await turns.take('a', never), await turns.take('a', never)];
  let isHeld = false;
  const third = turns.take('a', never).then((leave) => {
    isHeld = true;
    return leave;
  });
  const other = await turns.take('b', never);
  await tick();
  expect(isHeld).toBe(false);
  held[0]?.();
  (await third)();
  held[1]?.();
  other();
});
