import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { importOwnNames } from '../../../../subgraphs/serve/ingest/names.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { community } from './bulletins.ts';
import { Place } from './place.ts';
import { policy } from '../../../helpers/policy.ts';

let place: Place;
let store: CommunityStore;
let target: Target;

beforeAll(async () => {
  place = await Place.open();
  store = openStore(place.stores.uris['cert-eu'], community.kinds, () => undefined);
  await store.connection.asPromise();
  target = new Target(store, 'galaxy', null, assignKeysBy(policy));
});
afterAll(async () => {
  await store.connection.close();
  await place[Symbol.asyncDispose]();
});
beforeEach(async () => await place.clear());

const idOf = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
const actor = (at: number, value: string, ...synonyms: readonly string[]) =>
  JSON.stringify({ uuid: idOf(at), value, description: 'x'.repeat(500), meta: { synonyms } });
const begin = '{"type":"threat-actor","uuid":"7cdff317-a673-4474-84ec-4f1754947823","version":1,"values":[';

async function resolveAfter(text: string, ...names: readonly string[]) {
  const file = await place.write('galaxy.json', text);
  await importOwnNames(target, file, { at: 'member', name: 'values' }, () => undefined);
  return names.map(await target.loadActors());
}

test('imports the names of each entry, except of broken and classified ones', async () => {
  const marked = JSON.stringify({
    uuid: idOf(2),
    value: 'Marked',
    description: 'NATO SECRET\nwords',
    meta: {},
  });
  const entries = [
    actor(1, 'EXERCISE Bear', 'EX-1'),
    marked,
    '{"uuid":}',
    'null',
    '7',
    actor(3, 'EXERCISE Wolf'),
  ];
  expect(
    await resolveAfter(`${begin}${entries.join(',\n')}]}`, 'ex1', 'Marked', 'exercise wolf', 'constructor'),
  ).toEqual([
    `ThreatActor:${idOf(1)}`,
    'ThreatActor:name:marked',
    `ThreatActor:${idOf(3)}`,
    'ThreatActor:name:constructor',
  ]);
  expect(await place.everything()).not.toContain('Marked');
});

test.each([
  ['is cut off', `${begin}${actor(1, 'EXERCISE Bear')},`],
  ['is marked outside of its entries', `${begin}${actor(1, 'EXERCISE Bear')}],"marking":"EU SECRET"}`],
  ['is no alias table', '{"type":"ransomware","values":[{"value":"EXERCISE Bear"}]}'],
  ['is empty', ''],
])('imports no names of a file that %s', async (_what, text) => {
  expect(await resolveAfter(text, 'EXERCISE Bear')).toEqual(['ThreatActor:name:exercisebear']);
  expect(await place.client.db().collection('aliases').countDocuments()).toBe(0);
});

test('imports all names of a large galaxy', async () => {
  const entries = Array.from({ length: 60_000 }, (_, at) => actor(at, `EXERCISE ${at}`));
  const text = `${begin}${entries.join(',')}]}`;
  expect(await resolveAfter(text, 'exercise 59999')).toEqual([`ThreatActor:${idOf(59_999)}`]);
});

test('merges a name of several parts of a galaxy, and drops names that a newer version lacks', async () => {
  const far = Array.from({ length: 2500 }, (_, at) => actor(at + 10, `EXERCISE ${at}`));
  const entries = [
    actor(1, 'EXERCISE Bear', 'EXERCISE Owl', 'EXERCISE Both'),
    ...far,
    actor(2, 'EXERCISE Owl', 'EXERCISE Both', 'EXERCISE Bear'),
  ];
  const names = ['exercise owl', 'exercise bear', 'exercise both', 'exercise 2499'];
  expect(await resolveAfter(`${begin}${entries.join(',')}]}`, ...names)).toEqual([
    `ThreatActor:${idOf(2)}`,
    `ThreatActor:${idOf(1)}`,
    'ThreatActor:name:exerciseboth',
    `ThreatActor:${idOf(2509)}`,
  ]);
  const newer = `${begin.replace('"version":1', '"version":2')}${actor(3, 'EXERCISE Owl')}]}`;
  expect(await resolveAfter(newer, ...names)).toEqual([
    `ThreatActor:${idOf(3)}`,
    'ThreatActor:name:exercisebear',
    'ThreatActor:name:exerciseboth',
    'ThreatActor:name:exercise2499',
  ]);
  expect(await place.client.db().collection('aliases').countDocuments()).toBe(1);
});

test('uses the names that an import of an exercise brings for that exercise only', async () => {
  const inExercise = new Target(store, 'galaxy', 'exercise:one', assignKeysBy(policy));
  const other = new Target(store, 'galaxy', 'exercise:two', assignKeysBy(policy));
  await resolveAfter(`${begin}${actor(1, 'EXERCISE Bear')}]}`);
  const file = await place.write('exercise.json', `${begin}${actor(2, 'EXERCISE Wolf')}]}`);
  await importOwnNames(inExercise, file, { at: 'member', name: 'values' }, () => undefined);
  const [unknown, wolf, bear] = [
    'ThreatActor:name:exercisewolf',
    `ThreatActor:${idOf(2)}`,
    `ThreatActor:${idOf(1)}`,
  ];
  for (const [one, found] of [
    [target, unknown],
    [inExercise, wolf],
    [other, unknown],
  ] as const) {
    const resolve = await one.loadActors();
    expect([resolve('EXERCISE Wolf'), resolve('EXERCISE Bear')]).toEqual([found, bear]);
  }
});
