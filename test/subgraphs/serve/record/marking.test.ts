import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Audience, Marking } from '../../../../schema/record/envelope.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import {
  handlingCodes,
  papScale,
  type Purpose,
  reaches,
  tlpScale,
} from '../../../../schema/record/vocabulary.ts';
import { prepare } from '../../../../subgraphs/serve/ingest/prepare.ts';
import {
  combineMarking,
  combineReading,
  markingOf,
  noAudience,
  type OwnReading,
  type Reading,
  readTlp,
} from '../../../../subgraphs/serve/record/marking.ts';
import { RejectError } from '../../../../subgraphs/serve/record/reject.ts';
import { admittedKeys, heldKeys } from '../../../helpers/policy.ts';

const now = new Date('2026-03-01T12:00:00Z');
const organisations = ['x', 'y', 'originator', 'custodian'];
const purposes: readonly Purpose[] = ['incident-response', 'threat-analysis'];
const communities = ['cyber-defence', 'law-enforcement'];

const some = <Value>(values: readonly Value[]) =>
  fc.subarray([...values], { minLength: 0, maxLength: values.length });

const marking: fc.Arbitrary<Marking> = fc.record({
  tlp: fc.constantFrom(...tlpScale),
  tlpCommunity: fc.constantFrom(...communities),
  pap: fc.constantFrom(...papScale),
  classification: fc.constant('none'),
  distribution: fc.constantFrom('NONE', 'NONE', 'NONE', 'LIMITE', 'SNC'),
  handlingCodes: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, some(handlingCodes)),
  h3Text: fc.constantFrom(null, 'ask first'),
  extraRestrictions: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.constant(['not before May'])),
  rawTlp: fc.constant(null),
});
const audience: fc.Arbitrary<Audience> = fc.record({
  reach: fc.constantFrom(...reaches),
  organisations: some(['x', 'y']),
  sharingGroups: some(['g', 'h']),
  persons: some(['p', 'q']),
  agreements: fc.constant([]),
});
const given: fc.Arbitrary<Reading> = fc.record({ marking, audience, purposes: some(purposes) });
const own: fc.Arbitrary<OwnReading> = fc.record(
  {
    marking: fc
      .record({ kept: marking, keys: some(Object.keys(markingOf('CLEAR')) as (keyof Marking)[]) })
      .map(pick),
    audience: fc
      .record({ kept: audience, keys: some(Object.keys(noAudience) as (keyof Audience)[]) })
      .map(pick),
    purposes: some(purposes),
  },
  { requiredKeys: [] },
);

function pick<Value extends object>({
  kept,
  keys,
}: {
  readonly kept: Value;
  readonly keys: readonly (keyof Value)[];
}): Partial<Value> {
  return Object.fromEntries(keys.map((key) => [key, kept[key]])) as Partial<Value>;
}

const reader: fc.Arbitrary<Reader> = fc.record({
  subject: fc.constantFrom('p', 'q', 'r'),
  organisation: fc.constantFrom(...organisations, 'z'),
  communities: some(communities),
  memberState: fc.constant(null),
  roles: some(['community-operator']),
  sharingGroups: some(['g', 'h']),
  onwardShares: fc.constant([]),
  grants: fc.constant([]),
  agreements: fc.constant([]),
  offices: fc.constant([]),
  client: fc.constant('person'),
  purpose: fc.constantFrom(null, ...purposes),
  picture: fc.constant('real'),
  onScreen: fc.boolean(),
});

const { envelope: plain } = prepare(
  { kind: 'Note', localId: '1', content: {}, sortAt: null, names: [] },
  {
    originator: 'originator',
    custodian: 'custodian',
    provider: 'x',
    exercise: null,
    sourceUrl: null,
    marking: markingOf('CLEAR'),
    audience: noAudience,
    purposes,
  },
  1,
  now,
);

/** Whether a reader with these keys may read such a record after its embargo (`open`) and during it (`early`). */
function admissionOf(reading: Reading) {
  const { admits, early } = admittedKeys({ ...plain, ...reading }, 'Note');
  return {
    open: (held: ReadonlySet<string>) => admits.some((key) => held.has(key)),
    early: (held: ReadonlySet<string>) => early.some((key) => held.has(key)),
  };
}

/** The record's own reading, with the default's values where it has none. */
function ownOnly(one: Reading, other: OwnReading): Reading {
  return {
    marking: { ...one.marking, ...other.marking },
    audience: { ...one.audience, ...other.audience },
    purposes: other.purposes ?? one.purposes,
  };
}

/**
 * A default that is open to a community and names nobody lets a closed record name its readers, and these may be outside
 * the community. The comparison treats such a default as open to all.
 */
function effectiveDefault(one: Reading, other: OwnReading): Reading {
  const closed = ownOnly(one, other);
  const isClosed = !['CLEAR', 'GREEN'].includes(closed.marking.tlp) || closed.audience.reach === 'NAMED';
  const isCommunity = ['CLEAR', 'GREEN'].includes(one.marking.tlp) && one.audience.reach !== 'NAMED';
  if (!isClosed || !isCommunity) return one;
  return {
    ...one,
    marking: { ...one.marking, tlp: 'CLEAR' },
    audience: { ...one.audience, reach: 'ANYONE' },
  };
}

test('admits no reader whom the default alone or the record alone refuses', () => {
  let admitted = 0;
  fc.assert(
    fc.property(given, own, fc.array(reader, { minLength: 5, maxLength: 5 }), (one, other, readers) => {
      const joined = admissionOf(combineReading(one, other));
      const byDefault = admissionOf(effectiveDefault(one, other));
      const byRecord = admissionOf(ownOnly(one, other));
      const wider = readers.filter((who) => {
        const held = new Set(heldKeys(who, now, 'Note'));
        admitted += joined.open(held) ? 1 : 0;
        const isOpen = joined.open(held) && !(byDefault.open(held) && byRecord.open(held));
        return isOpen || (joined.early(held) && !(byDefault.open(held) && byRecord.early(held)));
      });
      expect(wider).toEqual([]);
    }),
    { numRuns: 3000 },
  );
  expect(admitted).toBeGreaterThan(1000);
});

test('takes the stricter value of each scale and the union of each set', () => {
  fc.assert(
    fc.property(marking, marking, (one, other) => {
      const joined = combineMarking(one, other);
      expect(tlpScale.indexOf(joined.tlp)).toBe(
        Math.max(tlpScale.indexOf(one.tlp), tlpScale.indexOf(other.tlp)),
      );
      expect(papScale.indexOf(joined.pap)).toBe(
        Math.max(papScale.indexOf(one.pap), papScale.indexOf(other.pap)),
      );
      expect(new Set(joined.handlingCodes)).toEqual(new Set([...one.handlingCodes, ...other.handlingCodes]));
      expect(new Set(joined.extraRestrictions)).toEqual(
        new Set([...one.extraRestrictions, ...other.extraRestrictions]),
      );
    }),
  );
  const one = { ...markingOf('AMBER'), h3Text: 'ask us' };
  expect(combineMarking(one, { h3Text: 'ask them' }).h3Text).toBe('ask us\nask them');
});

const amberFor = (...names: readonly string[]): Reading => ({
  marking: markingOf('AMBER'),
  audience: { ...noAudience, organisations: names },
  purposes,
});
const openTo = (tlp: 'CLEAR' | 'GREEN', community = 'cyber-defence'): Reading => ({
  marking: { ...markingOf(tlp), tlpCommunity: community },
  audience: noAudience,
  purposes,
});

test.each<readonly [string, Reading, OwnReading, readonly string[]]>([
  ['keeps an empty default above GREEN empty', amberFor(), { audience: { organisations: ['x'] } }, []],
  ['takes the recipients of the default', amberFor('x', 'y'), { marking: { tlp: 'AMBER' } }, ['x', 'y']],
  [
    'intersects the recipients of both',
    amberFor('x', 'y'),
    { audience: { organisations: ['y', 'z'] } },
    ['y'],
  ],
  ['leaves nobody if no recipient is in both', amberFor('x'), { audience: { organisations: ['y'] } }, []],
  ['leaves nobody if the record names nobody', amberFor('x'), { audience: { organisations: [] } }, []],
  [
    'takes the recipients of a closed record under an open default',
    openTo('CLEAR'),
    { marking: { tlp: 'AMBER' }, audience: { organisations: ['x'] } },
    ['x'],
  ],
  [
    'takes the recipients of a record for named groups under a default for the community',
    openTo('GREEN'),
    { audience: { reach: 'NAMED', organisations: ['x'] } },
    ['x'],
  ],
])('%s', (_case, one, other, expected) => {
  expect(combineReading(one, other).audience.organisations).toEqual(expected);
});

test('leaves only named readers when two communities differ, and keeps the community of a record under an open default', () => {
  const green = { marking: { tlp: 'GREEN', tlpCommunity: 'law-enforcement' } } as const;
  expect(combineReading(openTo('GREEN'), green).audience.reach).toBe('NAMED');
  const joined = combineReading(openTo('CLEAR'), green);
  expect([joined.audience.reach, joined.marking.tlpCommunity]).toEqual(['ANYONE', 'law-enforcement']);
});

test.each(['WHITE', 'PINK', ''])(
  'rejects an unknown TLP instead of reading it as the widest: "%s"',
  (tlp) => {
    const odd = { tlp } as unknown as Partial<Marking>;
    expect(() => combineMarking(markingOf('CLEAR'), odd)).toThrow(RejectError);
  },
);

test.each([
  ['TLP:CLEAR', 'CLEAR'],
  ['tlp:green', 'GREEN'],
  [' Tlp: Amber ', 'AMBER'],
  ['TLP:AMBER+STRICT', 'AMBER_STRICT'],
  ['red', 'RED'],
])('reads the label %s', (label, tlp) => {
  expect(readTlp(label)).toBe(tlp);
});

test.each(['TLP:WHITE', 'tlp:amber strict', 'TLP:', '', 'constructor', 'tlp:amber+strict!'])(
  'rejects the label "%s" without quoting it',
  (label) => {
    expect(() => readTlp(label)).toThrow(new RejectError('WRONG_MARKING', 'expected a label of TLP 2.0'));
  },
);
