import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { startStores, type Stores } from '../../../docker/trial/stores/stores.ts';
import type { Envelope } from '../../../schema/envelope.ts';
import { decideRow } from '../../../schema/policy/decide.ts';
import { compileFilter, mostHeldKeys } from '../../../schema/policy/filter.ts';
import { admittedKeys, heldKeys } from '../../../schema/policy/keys.ts';
import type { Reader } from '../../../schema/reader.ts';
import { recordStates, tlpScale } from '../../../schema/vocabulary.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

const home = mkdtempSync(join(tmpdir(), 'jcu-agreement-'));
let stores: Stores;
let client: MongoClient;
let rows: Collection<{ _id: number; envelope: Envelope }>;

beforeAll(async () => {
  stores = await startStores({ home });
  client = await new MongoClient(stores.uris.enisa, { ignoreUndefined: true }).connect();
  rows = client.db().collection('agreement');
  await rows.createIndex({ admits: 1 });
});

afterAll(async () => {
  await client.close();
  await stores.stop();
  rmSync(home, { recursive: true, force: true });
});

const now = new Date('2026-11-24T12:00:00Z');
const organisations = ['cert-eu', 'csirt-fr', 'csirt-pl', 'eset'];
const organisation = fc.constantFrom(...organisations);
const purpose = fc.constantFrom('incident-response' as const, 'threat-analysis' as const);
const instant = fc.constantFrom(
  null,
  new Date('2026-11-24T11:59:59.999Z'),
  now,
  new Date('2026-11-24T12:00:00.001Z'),
);
const picture = fc.constantFrom(null, 'exercise:one');

const envelope: fc.Arbitrary<Envelope> = fc
  .record({
    originator: organisation,
    custodian: organisation,
    tlp: fc.constantFrom(...tlpScale),
    tlpCommunity: fc.constantFrom('cyber-defence', 'law-enforcement'),
    restrictions: fc.subarray(['ask']),
    reach: fc.constantFrom('ANYONE' as const, 'COMMUNITY' as const, 'NAMED' as const),
    named: fc.subarray(organisations),
    groups: fc.subarray(['g1']),
    persons: fc.subarray(['u-1', 'u-2']),
    shares: fc.subarray([
      { id: 'S1', by: 'csirt-fr' },
      { id: 'S2', by: 'csirt-pl' },
    ]),
    purposes: fc.uniqueArray(purpose),
    embargoUntil: instant,
    exercise: picture,
    recordState: fc.constantFrom(...recordStates),
  })
  .map(({ tlp, tlpCommunity, restrictions, reach, named, groups, persons, shares, ...rest }) =>
    envelopeOf({
      ...rest,
      marking: markingOf({ tlp, tlpCommunity, extraRestrictions: restrictions }),
      audience: audienceOf({ reach, organisations: named, sharingGroups: groups, persons }),
      onwardShares: shares,
    }),
  );

/** Envelopes that came out wrong: a part missing, null or of another type. */
const broken: fc.Arbitrary<unknown> = fc
  .tuple(
    envelope,
    fc.constantFrom(
      'marking',
      'audience',
      'originator',
      'purposes',
      'recordState',
      'exercise',
      'portions',
      'embargoUntil',
    ),
    fc.constantFrom(undefined, null, 'CLEAR', 7, {}, []),
  )
  .map(([whole, part, value]) => ({ ...whole, [part]: value }));

const reader: fc.Arbitrary<Reader> = fc
  .record({
    subject: fc.constantFrom('u-1', 'u-2', 'u-3'),
    organisation,
    communities: fc.subarray(['cyber-defence', 'law-enforcement']),
    roles: fc.subarray(['community-operator', 'policy-auditor']),
    sharingGroups: fc.subarray(['g1']),
    shares: fc.subarray([
      { id: 'S1', by: 'csirt-fr', until: '2026-11-24T12:00:01.000Z' },
      { id: 'S2', by: 'csirt-pl', until: '2026-11-24T12:00:00.000Z' },
    ]),
    purpose: fc.option(purpose),
    picture: fc.constantFrom('real', 'exercise:one'),
    onScreen: fc.boolean(),
  })
  .map(({ shares, ...rest }) => readerOf({ ...rest, onwardShares: shares }));

test('the store’s filter and the guard decide every reader and record alike', async () => {
  let decided = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: envelope }, { weight: 1, arbitrary: broken }), {
        minLength: 20,
        maxLength: 40,
      }),
      fc.array(reader, { minLength: 3, maxLength: 6 }),
      async (envelopes, readers) => {
        await rows.deleteMany({});
        await rows.insertMany(envelopes.map((one, at) => labelled(one, at)) as never);
        for (const one of readers) {
          const held = heldKeys(one, now);
          const found = await rows.find(compileFilter(held, now) as never).toArray();
          const set = new Set(held);
          const byFilter = found
            .filter((row) => decideRow(row.envelope, set, now) !== null)
            .map((row) => row._id);
          const byGuard = envelopes.flatMap((envelopeOfRow, at) =>
            decideRow(envelopeOfRow, set, now) === null ? [] : [at],
          );
          const sound = (await rows.find().toArray()).filter((row) => isSound(envelopes[row._id]));
          expect(byFilter.toSorted((a, b) => a - b)).toEqual(byGuard);
          expect(
            found
              .map((row) => row._id)
              .filter((at) => sound.some((row) => row._id === at))
              .toSorted((a, b) => a - b),
          ).toEqual(byGuard);
          decided += envelopes.length;
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(decided).toBeGreaterThanOrEqual(150 * 20 * 3);
});

test('a reader of more keys than a query may scan is refused, not cut', () => {
  const keys = Array.from({ length: mostHeldKeys + 1 }, (_, at) => `real|group:g${at}`);
  expect(() => compileFilter(keys, now)).toThrow(RangeError);
});

/** Labels as an import writes them; a broken envelope has no labels that an honest writer could make. */
function labelled(one: unknown, _id: number): object {
  const keys = isSound(one)
    ? admittedKeys(one)
    : { admits: ['real|tlp:clear', 'real|origin:cert-eu'], early: [] };
  const until = isSound(one) ? one.embargoUntil : null;
  return { _id, envelope: one, admits: keys.admits, admitsEarly: keys.early, openFrom: until ?? new Date(0) };
}

function isSound(one: unknown): one is Envelope {
  const value = one as Envelope;
  return (
    typeof value.originator === 'string' &&
    typeof (value.marking as unknown) === 'object' &&
    value.marking !== null &&
    'tlp' in value.marking &&
    typeof (value.audience as unknown) === 'object' &&
    value.audience !== null &&
    'reach' in value.audience &&
    Array.isArray(value.purposes) &&
    value.purposes.every((given) => typeof given === 'string') &&
    typeof value.recordState === 'string' &&
    recordStates.includes(value.recordState) &&
    Array.isArray(value.portions) &&
    (value.exercise === null || (typeof value.exercise === 'string' && value.exercise !== 'CLEAR')) &&
    (value.embargoUntil === null || value.embargoUntil instanceof Date)
  );
}
