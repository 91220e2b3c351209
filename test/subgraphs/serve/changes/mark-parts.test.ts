import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import { purposes, type Tlp } from '../../../../schema/record/vocabulary.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { community as jointUnit } from '../../../../subgraphs/joint-unit/community.ts';
import { mispEvent } from '../../../../subgraphs/cert-eu/sources/misp-event.ts';
import { Changes, type MarkInput } from '../../../../subgraphs/serve/changes/changes.ts';
import { markParts } from '../../../../subgraphs/serve/changes/mark-parts.ts';
import { envelopeAfter } from '../../../../subgraphs/serve/ingest/prepare.ts';
import { linksOf, recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const attribute = (n: number, over: object = {}) => ({
  uuid: uuid(n),
  type: 'domain',
  category: 'Network activity',
  value: `exercise-${n}.example`,
  timestamp: '1766000000',
  ...over,
});
const event = (...attributes: object[]) => ({
  Event: {
    uuid: uuid(0),
    info: 'EXERCISE',
    date: '2026-01-01',
    timestamp: '1766000000',
    threat_level_id: '1',
    analysis: '0',
    distribution: '3',
    Orgc: { name: 'Exercise Vendor' },
    Tag: [{ name: 'tlp:green' }],
    Attribute: attributes,
  },
});

const all = async (kind: string): Promise<readonly StoredRecord[]> =>
  await recordsOf(place.store, kind).find().sort({ 'envelope.localId': 1 }).toArray();
const tlps = async (kind: string) => (await all(kind)).map(({ envelope }) => envelope.marking.tlp);
const custodian = readerOf({ organisation: 'cert-eu', roles: ['community-operator'] });

async function mark(reading: MarkInput['reading'], reader: Reader = custodian, key = randomUUID()) {
  const [stored] = await all('MispEvent');
  const id = stored?._id ?? '';
  const input = { key, id, expectedVersion: stored?.envelope.version ?? 0, reading };
  return await changesOf(reader).mark(input);
}

function changesOf(reader: Reader, { name, kinds } = community, { store } = place): Changes {
  const readerAccess = policy.accessOf(reader, new Date());
  const parts = { community: name, kinds, store, policy, keyAssigner: assignKeysBy(policy) };
  return new Changes({ ...parts, readerAccess, alarm: () => undefined });
}

const strict = { marking: { tlp: 'AMBER_STRICT' as const }, purposes: mispEvent.defaults.purposes };
const file = event(attribute(1), attribute(2, { Tag: [{ name: 'tlp:red' }] }), attribute(3));

test('marks up the sightings of an event with it, names the readable ones, and keeps stricter ones', async () => {
  await place.import(mispEvent, file);
  expect(await tlps('Sighting')).toEqual(['GREEN', 'RED', 'GREEN']);
  const outcome = await mark(strict);
  expect(outcome.userErrors).toEqual([]);
  expect(await tlps('MispEvent')).toEqual(['AMBER_STRICT']);
  expect(await tlps('Sighting')).toEqual(['AMBER_STRICT', 'RED', 'AMBER_STRICT']);
  const [first, , third] = await all('Sighting');
  // The RED sighting is hidden from the operator: not named, not counted.
  expect(new Set(outcome.alsoMarked)).toEqual(new Set([first?._id, third?._id]));
  expect([first?.envelope.version, first?.envelope.raisedByHand]).toEqual([2, true]);
  const { admits, early } = policy.admittedKeys(first?.envelope as never, 'Sighting');
  expect([first?.admits, first?.admitsEarly]).toEqual([admits, early]);
  const links = await linksOf(place.store)
    .find({ record: first?._id ?? '' })
    .toArray();
  expect(links.length).toBeGreaterThan(1);
  for (const link of links) expect(link.admits).toEqual(admits);
});

test('gives the first answer again for the same key', async () => {
  await place.import(mispEvent, file);
  const key = randomUUID();
  const [stored] = await all('MispEvent');
  const first = await mark(strict, custodian, key);
  await recordsOf(place.store, 'MispEvent').updateOne(
    { _id: stored?._id ?? '' },
    { $set: { 'envelope.version': 1 } },
  );
  expect(await mark(strict, custodian, key)).toEqual(first);
});

test('keeps sightings as strict as their event when the event is imported again, with a new sighting', async () => {
  await place.import(mispEvent, event(attribute(1)));
  await mark(strict);
  const newer = event(attribute(1, { comment: 'EXERCISE' }), attribute(4));
  await place.import(mispEvent, newer);
  expect(await tlps('MispEvent')).toEqual(['AMBER_STRICT']);
  expect(await tlps('Sighting')).toEqual(['AMBER_STRICT', 'AMBER_STRICT']);
});

test('takes a stricter marking that the source gives a marked sighting later', async () => {
  await place.import(mispEvent, event(attribute(1), attribute(2)));
  await mark(strict);
  await place.import(mispEvent, event(attribute(1, { Tag: [{ name: 'tlp:red' }] }), attribute(2)));
  expect(await tlps('Sighting')).toEqual(['RED', 'AMBER_STRICT']);
  // It never opens again: the reading from before is joined.
  await place.import(mispEvent, event(attribute(1, { comment: 'EXERCISE' }), attribute(2)));
  expect(await tlps('Sighting')).toEqual(['RED', 'AMBER_STRICT']);
});

const portion = (tlp: Tlp) => ({ path: 'value', marking: markingOf({ tlp }), audience: audienceOf({}) });
const imported = (given: Partial<Envelope>, before: Partial<Envelope>, parents: readonly Envelope[] = []) =>
  envelopeAfter({ envelope: envelopeOf(given), parents, mapped: {} } as never, {
    envelope: envelopeOf(before),
  });
const marked = (tlp: Tlp) => ({ marking: markingOf({ tlp, h3Text: `EXERCISE ${tlp}` }) });

test('joins the portions of a raised record with those of its source, each once', () => {
  const before = { raisedByHand: true as const, portions: [portion('AMBER')] };
  const { portions } = imported({ portions: [portion('AMBER'), portion('RED')] }, before);
  expect(portions.map(({ marking }) => marking.tlp)).toEqual(['AMBER', 'RED']);
  expect(imported({ portions: [] }, before).portions).toEqual(before.portions);
});

test('gives a raised record the same reading when it is imported twice', () => {
  const before = { ...marked('AMBER'), purposes, raisedByHand: true as const };
  const once = imported({ ...marked('GREEN'), purposes: ['audit'] }, before);
  expect(once).toMatchObject({ marking: { tlp: 'AMBER' }, purposes: ['audit'] });
  expect(imported({ ...marked('GREEN'), purposes: ['audit'] }, once)).toEqual({ ...once, version: 3 });
});

test('follows the marking of its parent although its own reading was set by hand', () => {
  const before = { ...marked('GREEN'), readingByHand: true as const };
  expect(imported(marked('CLEAR'), before).marking.tlp).toBe('GREEN');
  expect(imported(marked('CLEAR'), before, [envelopeOf(marked('RED'))]).marking.tlp).toBe('RED');
});

test('opens no sighting with its event', async () => {
  await place.import(mispEvent, file);
  const [stored] = await all('MispEvent');
  const originator = readerOf({ organisation: stored?.envelope.originator ?? '' });
  await mark(strict, originator);
  const opened = await mark({ marking: { tlp: 'CLEAR' } }, originator);
  expect(opened).toMatchObject({ userErrors: [], alsoMarked: [] });
  expect(await tlps('MispEvent')).toEqual(['CLEAR']);
  expect(await tlps('Sighting')).toEqual(['AMBER_STRICT', 'RED', 'AMBER_STRICT']);
});

/** Adds copies of the only sighting, which belong to the same event. */
async function copySighting(count: number): Promise<void> {
  const [sighting] = await all('Sighting');
  if (sighting === undefined) throw new Error('expected a sighting');
  const rows = await linksOf(place.store).find({ record: sighting._id }).toArray();
  const ids = Array.from(
    { length: count },
    (_, at) => [`Sighting:${uuid(100 + at)}`, uuid(100 + at)] as const,
  );
  const copies = ids.map(([_id, localId]) => ({
    ...sighting,
    _id,
    envelope: { ...sighting.envelope, localId },
  }));
  await recordsOf(place.store, 'Sighting').insertMany(copies);
  const links = ids.flatMap(([record]) =>
    rows.map((row) => ({ ...row, _id: `${record}>${row.key}`, record })),
  );
  await linksOf(place.store).insertMany(links);
}

/** Marks up the parts of the only event without the deadline of a change. */
async function markPartsOf(isVisible: () => boolean): Promise<number> {
  const [stored] = await all('MispEvent');
  const reading = { ...envelopeOf({ marking: markingOf({ tlp: 'AMBER' }) }), purposes: strict.purposes };
  await using session = await place.store.connection.startSession();
  const by = { isVisible, keyPolicy: policy, now: new Date(), session };
  return (await markParts(place.store, stored?._id ?? '', reading, by)).length;
}

test('counts only visible parts before it refuses a mark for more than 5000', async () => {
  await place.import(mispEvent, event(attribute(1, { Tag: [{ name: 'tlp:red' }] })));
  await copySighting(5000);
  expect(await markPartsOf(() => false)).toBe(0);
  const message = 'more records belong to it than one change can mark: mark them in the source and import it';
  await expect(markPartsOf(() => true)).rejects.toMatchObject({
    errors: [{ code: 'INVALID', path: ['id'], message }],
  });
});

test('marks up records that were made by hand with the record that they name, as long as they name it', async () => {
  await using units = await InStore.open(jointUnit);
  const byHand = changesOf({ ...custodian, organisation: 'joint-unit' }, jointUnit, units);
  const reading = { marking: { tlp: 'GREEN' as const } };
  const title = { value: 'EXERCISE', lang: 'en' };
  const create = async (type: string, content: object) => {
    const { id, userErrors } = await byHand.create(type, {
      key: randomUUID(),
      content: { title, ...content },
      reading,
    });
    expect(userErrors).toEqual([]);
    return id ?? '';
  };
  const [plan, other] = [
    await create('ResponsePlan', { kind: 'EU' }),
    await create('ResponsePlan', { kind: 'EU' }),
  ];
  const [staying, moving] = [
    await create('Procedure', { trigger: 'EXERCISE', plan }),
    await create('Procedure', { trigger: 'EXERCISE', plan }),
  ];
  // A field for a plan is no way into the list under a vulnerability.
  await create('Procedure', { trigger: 'EXERCISE', plan: 'Vulnerability:CVE-2099-10001' });
  const rows = async () =>
    (await linksOf(units.store).find().toArray()).map(({ record, key: named }) => [record, named]);
  expect(new Set(await rows())).toEqual(
    new Set([
      [staying, plan],
      [moving, plan],
    ]),
  );
  const content = { title, trigger: 'EXERCISE', plan: other };
  const update = { key: randomUUID(), id: moving, expectedVersion: 1, content };
  expect((await byHand.update('Procedure', update)).userErrors).toEqual([]);
  expect(await rows()).toContainEqual([moving, other]);
  expect(await rows()).not.toContainEqual([moving, plan]);
  const stricter = { marking: { tlp: 'AMBER' as const } };
  const outcome = await byHand.mark({ key: randomUUID(), id: plan, expectedVersion: 1, reading: stricter });
  expect(outcome).toMatchObject({ userErrors: [], alsoMarked: [staying] });
});
