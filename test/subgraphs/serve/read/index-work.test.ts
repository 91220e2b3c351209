import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Collection } from 'mongodb';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { kinds } from '../../../../subgraphs/cert-eu/records.ts';
import { recordsOf, linksOf, schemaOf } from '../../../../subgraphs/serve/store/collections.ts';
import { toLinks } from '../../../../subgraphs/serve/store/links.ts';
import {
  earlyIdIndex,
  filterIndex,
  idIndex,
  type Index,
  linkIndex,
} from '../../../../subgraphs/serve/store/store.ts';
import { toDocument } from '../../../../subgraphs/serve/store/write.ts';
import { earlyPartyIndex, partyIndex } from '../../../../subgraphs/serve/workflow/parties.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';

const now = new Date('2026-11-24T12:00:00Z');
const tomorrow = new Date('2026-11-25T12:00:00Z');
const held = [...policy.accessOf(readerOf(), now).keys('Advisory')];
let own: OwnStore;

const amber = (organisation: string) => ({
  marking: markingOf({ tlp: 'AMBER' }),
  audience: audienceOf({ reach: 'NAMED', organisations: [organisation] }),
});

beforeAll(async () => {
  own = await openOwnStore('cert-eu', kinds);
  // Keys of other organisations stand before and after the reader's own.
  for (const organisation of ['aaa', 'zzz']) {
    await insert(`${organisation}-whole`, amber(organisation));
    await insert(`${organisation}-embargo`, { ...amber(organisation), embargoUntil: tomorrow });
  }
  for (let at = 0; at < 30; at += 1) await insert(`open-${at}`, {});
});
afterAll(async () => await own.stop());

async function insert(name: string, envelope: Partial<Envelope>): Promise<void> {
  const unkeyed = {
    _id: `Advisory:${name}`,
    feed: 'test',
    envelope: envelopeOf({ localId: name, ...envelope }),
    content: { serial: name, publishedAt: { utc: now, precision: 'SECOND', declaredZone: null } },
    sortAt: now,
    contentHash: name,
  };
  const record = toDocument('Advisory', unkeyed, policy, schemaOf(own.store, 'Advisory'));
  await recordsOf(own.store, 'Advisory').insertOne(record);
  await linksOf(own.store).insertMany([...toLinks(record, 'Advisory', [`Vulnerability:${name}`])]);
}

/** The work of a query on its index: the entries read and the searches in the index. */
async function workOf(rows: Collection<never>, filter: object, hint: Index) {
  const plan = await rows
    .find(filter as never)
    .hint(hint)
    .explain('executionStats');
  const { totalKeysExamined: keys, totalDocsExamined: documents, executionStages } = plan['executionStats'];
  const seeks = [...JSON.stringify(executionStages).matchAll(/"seeks":(\d+)/g)].map(([, count]) =>
    Number(count),
  );
  return { keys, documents, seeks };
}

test.each(['aaa', 'zzz'])(
  'searches an index as often for a hidden record of %s as for one that does not exist',
  async (of) => {
    const records = recordsOf(own.store, 'Advisory') as unknown as Collection<never>;
    const links = linksOf(own.store) as unknown as Collection<never>;
    const open = { admits: { $in: held }, openFrom: { $lte: now } };
    const early = { admitsEarly: { $in: held }, openFrom: { $gt: now } };
    const lookup = async (name: string) => [
      await workOf(records, { _id: { $in: [`Advisory:${name}`] }, ...open }, idIndex),
      await workOf(records, { _id: { $in: [`Advisory:${name}`] }, ...early }, earlyIdIndex),
    ];
    const filtered = async (name: string) =>
      await workOf(records, { 'filters.serial': name, ...open }, filterIndex('serial'));
    const linked = async (name: string) =>
      await workOf(
        links,
        { key: `Vulnerability:${name}`, kind: 'Advisory', admits: { $in: held } },
        linkIndex,
      );
    // The absent names are in the same place of the order, so that the neighbours in the index are the same.
    expect(await lookup(`${of}-whole`)).toEqual(await lookup(`${of}-whole2`));
    expect(await lookup(`${of}-embargo`)).toEqual(await lookup(`${of}-embargo2`));
    expect(await filtered(`${of}-whole`)).toEqual(await filtered(`${of}-whole2`));
    expect(await linked(`${of}-whole`)).toEqual(await linked(`${of}-whole2`));
  },
);

test('begins each index that decides on readers with their access keys', () => {
  const indexes = [
    idIndex,
    earlyIdIndex,
    linkIndex,
    filterIndex('serial'),
    partyIndex,
    earlyPartyIndex,
  ] as readonly Index[];
  const first = indexes.map((index) => Object.keys(index)[0]);
  expect(new Set(first)).toEqual(new Set(['admits', 'admitsEarly']));
});
