import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { acceptSupergraph, readSupergraph, type SignedSupergraph } from '../../gateway/supergraph.ts';
import { signSupergraph } from '../../schema/compose/signed-supergraph.ts';
import type { KeptBundle, PolicyMemory } from '../../schema/policy/bundle/in-force.ts';
import { newSigner } from '../helpers/bundles.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-supergraph-'));
const settings = {
  supergraph: join(folder, 'supergraph.json'),
  policyKeysFile: join(folder, 'keys.json'),
  deployment: 'jcu',
};
const signer = await newSigner();
const log = { warn: () => undefined, error: () => undefined };

beforeAll(() => writeFileSync(settings.policyKeysFile, signer.jwks));
afterAll(() => rmSync(folder, { recursive: true }));

/** The supergraph as the hub reads it at its start. */
async function read(version: number, sdl = 'type Query { a: Int }'): Promise<SignedSupergraph> {
  writeFileSync(settings.supergraph, await signSupergraph(sdl, version, signer.key, new Date(), 'jcu'));
  return await readSupergraph(settings);
}

/** A store that remembers versions, and can be away. */
function memory() {
  const kept = new Map<number, KeptBundle>();
  const state = { isAway: false };
  const answer = async <Value>(value: () => Value): Promise<Value> => {
    if (state.isAway) throw new Error('away');
    return await Promise.resolve(value());
  };
  const of: PolicyMemory = {
    newest: async () => await answer(() => kept.get(Math.max(...kept.keys())) ?? null),
    keep: async (one) => await answer(() => void (kept.has(one._id) || kept.set(one._id, one))),
  };
  return { of, kept, state };
}

test('rejects an unsigned, missing or foreign file, and names the setting', async () => {
  writeFileSync(settings.supergraph, 'type Query { a: Int }');
  await expect(readSupergraph(settings)).rejects.toThrow(/^JCU_SUPERGRAPH: .* expected a signed supergraph/);
  rmSync(settings.supergraph);
  await expect(readSupergraph(settings)).rejects.toThrow(/^JCU_SUPERGRAPH: .*ENOENT/);
  await read(1);
  await expect(readSupergraph({ ...settings, deployment: 'other' })).rejects.toThrow(
    'for the deployment jcu',
  );
  const other = join(folder, 'other-keys.json');
  writeFileSync(other, (await newSigner()).jwks);
  await expect(readSupergraph({ ...settings, policyKeysFile: other })).rejects.toThrow('signature');
});

test('accepts the same and a newer version, and throws for an older one', async () => {
  const { of, kept } = memory();
  const two = await read(2);
  for (const one of [two, two, await read(3)])
    expect((await acceptSupergraph(one, of, log)).isAccepted()).toBe(true);
  expect([...kept.keys()]).toEqual([2, 3]);
  await expect(acceptSupergraph(two, of, log)).rejects.toThrow('version 2 is older than version 3');
});

test('throws for another supergraph with the version of an accepted one', async () => {
  const { of } = memory();
  await acceptSupergraph(await read(2), of, log);
  const other = await read(2, 'type Query { b: Int }');
  await expect(acceptSupergraph(other, of, log)).rejects.toThrow(
    'another supergraph was accepted as version 2',
  );
});

test('accepts nothing while the store is away, and decides when it answers', async () => {
  const { of, state } = memory();
  await acceptSupergraph(await read(5), of, log);
  state.isAway = true;
  const [older, same] = [await read(4), await read(6)];
  const [rejected, accepted] = [
    await acceptSupergraph(older, of, log),
    await acceptSupergraph(same, of, log),
  ];
  await pause(600);
  expect([rejected.isAccepted(), accepted.isAccepted()]).toEqual([false, false]);
  state.isAway = false;
  await until('the newer one is accepted', () => accepted.isAccepted());
  expect([rejected.isAccepted(), accepted.isAccepted()]).toEqual([false, true]);
});
