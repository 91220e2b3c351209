import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { graphql } from 'graphql';
import { randomBytes } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import { attack, stix } from '../../../../subgraphs/defence/sources/stix.ts';
import { markingOf, noAudience } from '../../../../subgraphs/serve/record/marking.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { describeReal, realPath } from '../../../helpers/map-all.ts';
import { partsOfFile } from '../../../../subgraphs/serve/ingest/aliases.ts';
import type { Defaults } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { group, idOf, indicator, object, technique, tlp, uses } from './objects.ts';

const green = { marking: markingOf('GREEN') };
const schema = buildCommunitySchema(community, policy);
const bundle = (...objects: readonly unknown[]) => ({ type: 'bundle', id: idOf('bundle'), objects });
const use = uses(idOf('intrusion-set'), idOf('attack-pattern'));

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

async function askAs(reader: Reader, source: string): Promise<unknown> {
  const readerAccess = policy.accessOf(reader, new Date());
  const { store } = place;
  const { kinds } = community;
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey: randomBytes(32) });
  const { data, errors } = await graphql({
    schema,
    source,
    contextValue: { reader, readerAccess, loaders, assertion: null },
  });
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data));
}

describeReal('on the public records', () => {
  test('imports ATT&CK for ICS, writes nothing the second time, and resolves the technique of each use', async () => {
    const file = realPath('defence/attack-ics-18.1.stix.json');
    expect(await place.import(attack, file)).toMatchObject({
      read: 1826,
      added: 416,
      rejected: 0,
      classified: 0,
    });
    expect(await place.import(attack, file)).toMatchObject({ added: 0, changed: 0, unchanged: 416 });
    const found = (await askAs(
      readerOf(),
      '{ techniqueUses(first: 100) { nodes { actor { id } technique { attackId name } envelope { originator { id } } } } }',
    )) as { techniqueUses: { nodes: { technique: { attackId: string } | null }[] } };
    expect(found.techniqueUses.nodes).toHaveLength(100);
    for (const { technique: used } of found.techniqueUses.nodes) expect(used?.attackId).toMatch(/^T\d{4}$/);
    expect(found.techniqueUses.nodes[0]).toMatchObject({
      envelope: { originator: { id: 'Organisation:mitre' } },
    });
  });
});

test('rejects only the invalid object, with its place, and imports the objects that refer to it', async () => {
  const broken = { ...group(), name: 7 };
  const imported = await place.import(
    stix,
    bundle(use, broken, technique(), technique({ name: 'EXERCISE other' })),
  );
  expect(imported).toMatchObject({ read: 4, added: 2, rejected: 2 });
  expect(imported.rejects).toMatchObject([
    { index: 1, reason: 'WRONG_SHAPE', message: 'name: expected string, got number' },
    { index: 3, reason: 'DUPLICATE' },
  ]);
  expect(await place.store.records.get('TechniqueUse')?.findOne().lean()).toMatchObject({
    content: { sourceRef: idOf('intrusion-set') },
  });
});

test('treats objects with a classified definition as classified: raises an alarm for each and keeps nothing', async () => {
  const marking = object('marking-definition', 1, {
    definition_type: 'statement',
    definition: { statement: 'NATO RESTRICTED' },
  });
  const harmless = object('marking-definition', 1, {
    definition_type: 'statement',
    definition: { statement: 'EXERCISE' },
  });
  const marked = group({ object_marking_refs: [idOf('marking-definition')] });
  const partly = technique({
    granular_markings: [{ marking_ref: idOf('marking-definition'), selectors: ['name'] }],
  });
  const imported = await place.import(stix, bundle(marked, use, partly, marking, harmless));
  expect(imported).toMatchObject({ read: 5, added: 1, rejected: 0, classified: 3 });
  expect(imported.alarms).toHaveLength(3);
  expect(JSON.stringify([await place.everything(), imported])).not.toMatch(/Heron|heron|Knock|NATO/);
});

test('rejects a bundle with a classification outside its objects', async () => {
  const imported = await place.import(stix, { ...bundle(technique()), marking: 'SECRET UE/EU SECRET' });
  expect(imported).toMatchObject({ read: 0, added: 0, classified: 1 });
});

test('gives null for a hidden portion, and does not find the record by it', async () => {
  const marked = indicator({
    granular_markings: [{ marking_ref: tlp.amber, selectors: ['pattern', 'description'] }],
  });
  const audience = { ...noAudience, organisations: ['csirt-fr'] };
  await place.import(stix, bundle(marked), { ...green, audience });
  const source = `{ stixObservations { nodes { name pattern description { value } indicators { id } } }
    _entities(representations: [{ __typename: "Indicator", id: "Indicator:IPV4_ADDR:192.0.2.7" }])
      { ... on Indicator { stixObservations { nodes { name } } } } }`;
  expect(await askAs(readerOf({ organisation: 'csirt-fi', memberState: 'FI' }), source)).toEqual({
    stixObservations: {
      nodes: [{ name: 'EXERCISE beacon', pattern: null, description: null, indicators: null }],
    },
    _entities: [{ stixObservations: { nodes: [] } }],
  });
  expect(await askAs(readerOf(), source)).toMatchObject({
    stixObservations: { nodes: [{ pattern: expect.any(String), indicators: [{}, {}] }] },
    _entities: [{ stixObservations: { nodes: [] } }],
  });
});

test('limits an object without a marking to its originator', async () => {
  await place.import(stix, bundle(technique()));
  expect(await askAs(readerOf(), '{ attackTechniques { nodes { name } } }')).toEqual({
    attackTechniques: { nodes: [] },
  });
});

test('retracts an object that is revoked later, and keeps it retracted', async () => {
  const techniques = place.store.records.get('AttackTechnique');
  await place.import(stix, bundle(technique()));
  expect(await place.import(stix, bundle(technique({ revoked: true })))).toMatchObject({ changed: 1 });
  expect(await techniques?.findOne().lean()).toMatchObject({
    envelope: { recordState: 'RETRACTED', version: 2 },
    content: { isDeprecated: true },
  });
  await place.import(stix, bundle(technique({ name: 'EXERCISE again' })));
  expect(await techniques?.findOne().lean()).toMatchObject({
    envelope: { recordState: 'RETRACTED', version: 3 },
  });
});

const table = '7cdff317-a673-4474-84ec-4f1754947823';
const actorId = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
const actorKey = (n: number) => `ThreatActor:${actorId(n)}`;
const name = 'ThreatActor:name:exerciseheron';
const keyAssigner = assignKeysBy(policy);
const interrupting = { ...keyAssigner, current: async () => await Promise.reject(new Error('interrupted')) };

/** Imports a version of the alias table, in which the actors have these names. */
async function takeNames(version: number, names: Readonly<Record<string, number>>, keys = keyAssigner) {
  const values = Object.entries(names).map(([value, n]) => ({ uuid: actorId(n), value }));
  const parts = partsOfFile({ type: 'threat-actor', uuid: table, version, values });
  if (parts === null) throw new Error('expected an alias table');
  return await new Target(place.store, 'aliases', null, keys).takeAliases(parts);
}

/** Returns the actor of each stored record of a kind, by its STIX id. */
async function actorsIn(kind: string): Promise<Readonly<Record<string, unknown>>> {
  type Of = StoredRecord<{ readonly actor?: unknown; readonly actors?: unknown }>;
  const found = ((await place.store.records.get(kind)?.find().lean()) ?? []) as unknown as readonly Of[];
  return Object.fromEntries(
    found.map(({ envelope, content }) => [envelope.localId, content.actor ?? content.actors]),
  );
}

const actorOfGroup = async () => (await actorsIn('AttackGroup'))[idOf('intrusion-set')];

test('resolves names that moved when the import of the alias table is repeated or followed by another', async () => {
  await takeNames(1, { 'EXERCISE Heron': 1 });
  await place.import(stix, bundle(group()));
  for (const version of [2, 2])
    await expect(takeNames(version, { 'EXERCISE Heron': 2 }, interrupting)).rejects.toThrow('interrupted');
  expect(await actorOfGroup()).toBe(actorKey(1));
  await takeNames(2, { 'EXERCISE Heron': 2 });
  expect(await actorOfGroup()).toBe(actorKey(2));
  await expect(takeNames(3, { 'EXERCISE Heron': 3 }, interrupting)).rejects.toThrow('interrupted');
  await takeNames(4, { 'EXERCISE Heron': 4 });
  expect(await actorOfGroup()).toBe(actorKey(4));
  expect(await place.store.connection.collection('replacedAliases').countDocuments()).toBe(0);
});

test.each<readonly [string, object, Partial<Defaults>, string]>([
  ['by a group for everybody', {}, {}, actorKey(1)],
  ['but not by an AMBER group', { object_marking_refs: [tlp.amber] }, {}, name],
  [
    'but not by a group with a marked alias',
    { granular_markings: [{ marking_ref: tlp.amber, selectors: ['aliases'] }] },
    {},
    name,
  ],
  ['but not by a group of an exercise', {}, { exercise: 'exercise:one' }, name],
])('resolves an actor of other records by the aliases of a group: %s', async (_by, marked, given, key) => {
  const clear = { marking: markingOf('CLEAR') };
  const other = group({ id: idOf('intrusion-set', 2), aliases: [] });
  await place.import(stix, bundle(other), clear);
  await place.import(stix, bundle(group(marked)), { ...clear, ...given });
  await takeNames(1, { 'EX-1': 1 });
  expect(await actorsIn('AttackGroup')).toEqual({
    [idOf('intrusion-set')]: actorKey(1),
    [idOf('intrusion-set', 2)]: key,
  });
});

test('moves the techniques of a group with it when its name belongs to another actor', async () => {
  await takeNames(1, { 'EXERCISE Heron': 1 });
  await place.import(stix, bundle(group(), technique(), use));
  expect(await actorsIn('TechniqueUse')).toEqual({ [idOf('relationship')]: actorKey(1) });
  await takeNames(2, { 'EXERCISE Heron': 2 });
  expect(await actorsIn('AttackGroup')).toEqual({ [idOf('intrusion-set')]: actorKey(2) });
  expect(await actorsIn('TechniqueUse')).toEqual({ [idOf('relationship')]: actorKey(2) });
});

test('moves every record after two imports of different versions were interrupted, the first one halfway', async () => {
  await takeNames(1, { 'EXERCISE Heron': 1 });
  await place.import(stix, bundle(group(), technique(), use));
  const calls = [async () => await keyAssigner.current()];
  const halfway = { ...keyAssigner, current: async () => await (calls.pop() ?? interrupting.current)() };
  await expect(takeNames(2, { 'EXERCISE Heron': 2 }, halfway)).rejects.toThrow('interrupted');
  expect(await actorOfGroup()).toBe(actorKey(2));
  expect(await actorsIn('TechniqueUse')).toEqual({ [idOf('relationship')]: actorKey(1) });
  await expect(takeNames(3, { 'EXERCISE Heron': 3 }, interrupting)).rejects.toThrow('interrupted');
  await takeNames(4, { 'EXERCISE Heron': 4 });
  expect(await actorOfGroup()).toBe(actorKey(4));
  expect(await actorsIn('TechniqueUse')).toEqual({ [idOf('relationship')]: actorKey(4) });
  expect(await place.store.connection.collection('replacedAliases').countDocuments()).toBe(0);
});
