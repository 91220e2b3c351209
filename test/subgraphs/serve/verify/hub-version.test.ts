import { expect, test } from '@jest/globals';
import { nameOfVersion } from '../../../../schema/policy/decide/policy.ts';
import { compareHubVersion } from '../../../../subgraphs/serve/verify/hub-version.ts';

/** A subgraph with this policy version in force, whose archive holds the `archived` versions. */
function subgraphAt(version: number, ...archived: readonly number[]) {
  const logged: string[] = [];
  let own = version;
  const before = async (than: number) =>
    await Promise.resolve(archived.filter((one) => one < than).toSorted((a, b) => b - a)[0] ?? null);
  const hubVersion = compareHubVersion(
    { current: () => ({ version: own }) as never },
    { before },
    { error: (message) => logged.push(message) },
  );
  return {
    logged,
    accepts: async (hub: number | string) =>
      await hubVersion.accepts(typeof hub === 'string' ? hub : nameOfVersion(hub)),
    set: (next: number) => (own = next),
  };
}

test('accepts a hub that decides by the version in force here or by the previous one', async () => {
  const subgraph = subgraphAt(7, 3, 5, 7);
  expect(await subgraph.accepts(7)).toBe(true);
  expect(await subgraph.accepts(5)).toBe(true);
  expect(subgraph.logged).toEqual([]);
});

test('refuses a hub of any other version, and logs once what the operator must do', async () => {
  const subgraph = subgraphAt(7, 3, 5, 7);
  for (const hub of [3, 3, 6, 4, 1]) expect(await subgraph.accepts(hub)).toBe(false);
  expect(subgraph.logged).toHaveLength(4);
  expect(subgraph.logged[0]).toMatch(
    /the hub decides by policy joint-baseline-3, this subgraph by version 7\. .*at the subgraph first/,
  );
  for (const invalid of ['', 'joint-baseline-', 'joint-baseline-07', 'joint-baseline-7 ', '7'])
    expect(await subgraph.accepts(invalid)).toBe(false);
});

test('waits for the version of a hub that is ahead, and refuses if it does not arrive', async () => {
  const subgraph = subgraphAt(7, 5, 7);
  expect(await subgraph.accepts(8)).toBe(false);
  const asked = subgraph.accepts(8);
  setTimeout(() => subgraph.set(8), 100);
  expect(await asked).toBe(true);
  expect(subgraph.logged).toHaveLength(1);
});
