import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { acceptSupergraph, readSupergraph } from '../../gateway/supergraph.ts';
import { watchSupergraph } from '../../gateway/watch-supergraph.ts';
import { signSupergraph } from '../../schema/compose/signed-supergraph.ts';
import type { KeptBundle, PolicyMemory } from '../../schema/policy/bundle/in-force.ts';
import { newSigner } from '../helpers/bundles.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-watch-supergraph-'));
const files = {
  supergraph: join(folder, 'supergraph.json'),
  policyKeysFile: join(folder, 'keys.json'),
  deployment: 'jcu',
};
const signer = await newSigner();
const lines: string[] = [];
const log = { warn: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };

beforeAll(() => writeFileSync(files.policyKeysFile, signer.jwks));
beforeEach(() => void lines.splice(0));
afterAll(() => rmSync(folder, { recursive: true }));

function put(text: string): void {
  writeFileSync(`${files.supergraph}.new`, text);
  renameSync(`${files.supergraph}.new`, files.supergraph);
}

async function signed(version: number, sdl: string, by = signer, deployment = 'jcu'): Promise<string> {
  return await signSupergraph(sdl, version, by.key, new Date(), deployment);
}

/** Starts to watch version 2. `loaded` is the SDL itself; one that says `invalid` cannot be loaded. */
async function watch() {
  const kept = new Map<number, KeptBundle>();
  const state = { isAway: false, prepared: [] as string[], replaced: [] as string[] };
  const answer = async <Value>(value: () => Value): Promise<Value> => {
    if (state.isAway) throw new Error('away');
    return await Promise.resolve(value());
  };
  const memory: PolicyMemory = {
    newest: async () => await answer(() => kept.get(Math.max(...kept.keys())) ?? null),
    keep: async (one) => await answer(() => void (kept.has(one._id) || kept.set(one._id, one))),
  };
  put(await signed(2, 'two'));
  const first = await readSupergraph(files);
  const acceptance = await acceptSupergraph(first, memory, { warn: () => undefined, error: () => undefined });
  const watched = watchSupergraph<string>(
    files,
    { signed: first, acceptance, loaded: 'two' },
    {
      memory,
      load: async (sdl) => {
        await Promise.resolve();
        if (sdl === 'invalid') throw new Error('the supergraph is invalid: a reason');
        return sdl;
      },
      prepare: async (next) => void (await Promise.resolve(state.prepared.push(next))),
      replaced: (old) => void state.replaced.push(old),
      log,
    },
  );
  return { watched, state, kept };
}

test('a newer signed supergraph comes into force, and the old one is given back', async () => {
  const { watched, state, kept } = await watch();
  put(await signed(3, 'three'));
  await until('a supergraph in force', () => lines.length > 0);
  watched.stop();
  expect([watched.current(), watched.version(), watched.isAccepted()]).toEqual(['three', 3, true]);
  expect([state.prepared, state.replaced, [...kept.keys()]]).toEqual([['three'], ['two'], [2, 3]]);
  expect(lines).toEqual([`the supergraph in force is version 3, signed by ${signer.key.id}`]);
});

test('an older, unsigned, foreign, malformed or invalid one changes nothing, and is logged once', async () => {
  const { watched, state, kept } = await watch();
  const other = await newSigner();
  for (const [text, reason] of [
    [await signed(1, 'one'), 'JCU_SUPERGRAPH: version 1 is not newer than version 2'],
    [await signed(2, 'changed'), 'JCU_SUPERGRAPH: version 2 is not newer than version 2'],
    ['type Query { a: Int }', 'expected a signed supergraph'],
    [await signed(3, 'three', other), 'signature'],
    [await signed(3, 'three', signer, 'elsewhere'), 'for the deployment'],
    [await signed(3, 'invalid'), 'the supergraph is invalid: a reason'],
    ['', 'JCU_SUPERGRAPH'],
  ] as const) {
    lines.splice(0);
    put(text);
    await until(`a line about ${reason}`, () => lines.length > 0, { withinMs: 10_000 });
    // Two more looks at the file.
    await pause(1100);
    expect([reason, lines.length, lines[0]]).toEqual([reason, 1, expect.stringContaining(reason)]);
    expect(lines[0]).toContain('Version 2 stays in force.');
  }
  watched.stop();
  expect([watched.current(), watched.version(), state.replaced, [...kept.keys()]]).toEqual([
    'two',
    2,
    [],
    [2],
  ]);
});

test('waits for the store before a newer one comes into force', async () => {
  const { watched, state } = await watch();
  state.isAway = true;
  put(await signed(3, 'three'));
  await pause(1500);
  expect([watched.version(), lines]).toEqual([2, []]);
  state.isAway = false;
  await until('version 3 in force', () => watched.version() === 3);
  watched.stop();
  expect([watched.version(), watched.current()]).toEqual([3, 'three']);
});
