import { expect, test } from '@jest/globals';
import { nameOfVersion } from '../../../../schema/policy/decide/policy.ts';
import { compareHubVersion } from '../../../../subgraphs/serve/verify/hub-version.ts';

/** A subgraph that has taken these versions, with one of them in force. */
function subgraphAt(version: number, ...taken: readonly number[]) {
  const said: string[] = [];
  let own = version;
  const before = async (than: number) =>
    await Promise.resolve(taken.filter((one) => one < than).toSorted((a, b) => b - a)[0] ?? null);
  const known = compareHubVersion(
    { current: () => ({ version: own }) as never },
    { before },
    { error: (words) => said.push(words) },
  );
  return {
    said,
    accepts: async (hub: number | string) =>
      await known.accepts(typeof hub === 'string' ? hub : nameOfVersion(hub)),
    set: (next: number) => (own = next),
  };
}

test('a hub that decides by the version in force here, or by the one taken before it, is answered', async () => {
  const subgraph = subgraphAt(7, 3, 5, 7);
  expect(await subgraph.accepts(7)).toBe(true);
  expect(await subgraph.accepts(5)).toBe(true);
  expect(subgraph.said).toEqual([]);
});

test('a hub of any other version is refused, and the operator told once what to do', async () => {
  const subgraph = subgraphAt(7, 3, 5, 7);
  for (const hub of [3, 3, 6, 4, 1]) expect(await subgraph.accepts(hub)).toBe(false);
  expect(subgraph.said).toHaveLength(4);
  expect(subgraph.said[0]).toMatch(/decides by joint-baseline-3, and version 7 is in force here.*here first/);
  for (const nonsense of ['', 'joint-baseline-', 'joint-baseline-07', 'joint-baseline-7 ', '7'])
    expect(await subgraph.accepts(nonsense)).toBe(false);
});

test('a hub that is ahead is waited for, and refused where the same version does not come', async () => {
  const subgraph = subgraphAt(7, 5, 7);
  expect(await subgraph.accepts(8)).toBe(false);
  const asked = subgraph.accepts(8);
  setTimeout(() => subgraph.set(8), 100);
  expect(await asked).toBe(true);
  expect(subgraph.said).toHaveLength(1);
});
