import { randomUUID } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { kinds } from '../../../subgraphs/cert-eu/records.ts';
import { Changes } from '../../../subgraphs/serve/changes/changes.ts';
import { Loaders } from '../../../subgraphs/serve/read/loaders.ts';
import { schemaOf } from '../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../subgraphs/serve/store/key-assigner.ts';
import { toLinks } from '../../../subgraphs/serve/store/links.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { wordRowsIn } from '../../../subgraphs/serve/search/rows.ts';
import { wordsOf } from '../../../subgraphs/serve/search/write-words.ts';
import { toDocument } from '../../../subgraphs/serve/store/write.ts';
import { openOwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';
import type { Road } from './road.ts';

const cursorKey = Buffer.alloc(32, 7);
const now = new Date('2026-11-24T12:00:00Z');
const tomorrow = new Date('2026-11-25T12:00:00Z');
const receivedAt = new Date('2026-01-01T00:00:00Z');
const date = (minute: number) => new Date(Date.UTC(2026, 5, 1, 10, minute));
const backgroundRecords = 300;
const hiddenRecords = 3;
const reader = readerOf();

/**
 * Fills a store with records of this size that are hidden in different ways, and returns every road to them, below the
 * hub: the work of the subgraph and its store, without the noise of a network.
 */
export async function openRoads(bytes: number) {
  const own = await openOwnStore('cert-eu', kinds);
  await fill(own.store, bytes);
  return { roads: roadsIn(own.store), stop: async () => await own.stop() };
}

const named = audienceOf({ reach: 'NAMED', organisations: ['csirt-pl'] });
const amber = { marking: markingOf({ tlp: 'AMBER' }), audience: named };
const portionOn = (path: string) => ({ path, ...amber });

/** The serials and minutes of hidden records are those of no record that the reader sees: it would find that one. */
async function fill(store: CommunityStore, bytes: number): Promise<void> {
  for (let at = 0; at < backgroundRecords; at += 1)
    await insert(store, `open-${at}`, {}, { serial: `2099-${at}`, minute: at % 50, bytes: 1000 });
  for (let at = 0; at < hiddenRecords; at += 1) {
    const content = { serial: '2099-777', minute: 55, bytes };
    await insert(store, `whole-${at}`, amber, content);
    await insert(store, `embargo-${at}`, { embargoUntil: tomorrow }, { ...content, serial: '2099-778' });
    await insert(
      store,
      `portion-${at}`,
      { portions: [portionOn('serial')] },
      { ...content, serial: '2099-779', minute: 53 },
    );
    await insert(
      store,
      `date-${at}`,
      { portions: [portionOn('publishedAt')] },
      { ...content, serial: '2099-780', minute: 57 },
    );
  }
}

async function insert(
  store: CommunityStore,
  name: string,
  envelope: Partial<Envelope>,
  { serial, minute, bytes }: { readonly serial: string; readonly minute: number; readonly bytes: number },
): Promise<void> {
  const unkeyed = {
    _id: `Advisory:${name}`,
    feed: 'bench',
    envelope: envelopeOf({ localId: name, receivedAt, ...envelope }),
    content: {
      serial,
      summary: { value: 'EXERCISE '.repeat(bytes / 9), lang: 'en' },
      publishedAt: { utc: date(minute), precision: 'SECOND', declaredZone: null },
    },
    sortAt: date(minute),
    contentHash: name,
  };
  const record: StoredRecord = toDocument('Advisory', unkeyed, policy, schemaOf(store, 'Advisory'));
  await store.records.get('Advisory')?.collection.insertOne(record as never);
  const words = wordsOf(store, 'Advisory', record, policy);
  if (words.length > 0) await wordRowsIn(store).insertMany([...words]);
  await store.links.collection.insertMany(
    toLinks(record, 'Advisory', [name.startsWith('whole') ? hiddenKey : openKey]) as never,
  );
}

const openKey = 'Vulnerability:CVE-2099-10001';
const hiddenKey = 'Vulnerability:CVE-2099-10002';
const absentKey = 'Vulnerability:CVE-2099-10003';

/** A window of time of one minute. */
function minuteOf(minute: number) {
  return { since: date(minute), before: date(minute + 1) };
}

function roadsIn(store: CommunityStore): readonly Road[] {
  const loaders = () =>
    new Loaders({ store, kinds, policy, readerAccess: policy.accessOf(reader, now), cursorKey });
  const changes = () =>
    new Changes({
      community: 'cert-eu',
      kinds,
      store,
      policy,
      keyAssigner: assignKeysBy(policy),
      readerAccess: policy.accessOf(reader, now),
      alarm: () => undefined,
    });
  const lookup = (id: string) => async () => await loaders().one('Advisory', `Advisory:${id}`);
  const list = (filter: Readonly<Record<string, unknown>>) => async () =>
    await loaders().list('Advisory', { first: 25, filter });
  const total = (filter: Readonly<Record<string, unknown>>) => async () =>
    await (await loaders().list('Advisory', { first: 0, filter })).total({});
  const linked = (key: string) => async () => {
    const page = await loaders().linked('Advisory', key, { first: 25 });
    return await page.total({});
  };
  const search = (text: string) => async () =>
    await loaders().search({ text, kinds: null, since: null }, { first: 25 });
  const suggest = (text: string) => async () => await loaders().suggest(text);
  const write = (id: string) => async () =>
    await changes().retract({
      key: randomUUID(),
      id: `Advisory:${id}`,
      expectedVersion: 1,
      reason: 'EXERCISE',
    });
  return [
    road('a lookup by id', lookup('whole-0'), lookup('whole-9')),
    road('a lookup by id, under embargo', lookup('embargo-0'), lookup('embargo-9')),
    road('a shared key and its total', linked(hiddenKey), linked(absentKey)),
    road('a filter, hidden record', list({ serial: '2099-777' }), list({ serial: '2099-999' })),
    road('a filter, record under embargo', list({ serial: '2099-778' }), list({ serial: '2099-999' })),
    road('a filter, hidden portion', list({ serial: '2099-779' }), list({ serial: '2099-999' })),
    road('a total of a filter, hidden portion', total({ serial: '2099-779' }), total({ serial: '2099-999' })),
    road('a window of time, hidden record', list(minuteOf(55)), list(minuteOf(58))),
    road('a window of time, hidden date', list(minuteOf(57)), list(minuteOf(58))),
    road('a total of a window, hidden date', total(minuteOf(57)), total(minuteOf(58))),
    road('a search, hidden record', search('2099-777'), search('2099-999')),
    road('a search, record under embargo', search('2099-778'), search('2099-999')),
    road('a search, hidden portion', search('2099-779'), search('2099-999')),
    road('a search for two words, hidden portion', search('exercise 2099-779'), search('exercise 2099-999')),
    road('a suggestion, hidden record', suggest('2099-777'), suggest('2099-999')),
    road('a write to a hidden record', write('whole-0'), write('whole-9')),
  ];
}

function road(name: string, hidden: Road['hidden'], none: Road['absent']): Road {
  return { name, hidden, absent: none };
}
