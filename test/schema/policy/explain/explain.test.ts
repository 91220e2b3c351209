import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { allActions, type RecordFacts, relations } from '../../../../schema/policy/language/domain.ts';
import { explain, type Explanation, type PermitCheck } from '../../../../schema/policy/explain/explain.ts';
import { explainCoordinate } from '../../../../schema/policy/explain/explain-coordinate.ts';
import { explainField } from '../../../../schema/policy/explain/explain-field.ts';
import { judge } from '../../../../schema/policy/explain/judge.ts';
import { meetShortfalls } from '../../../../schema/policy/explain/shortfalls.ts';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { HandlingCode } from '../../../../schema/record/vocabulary.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { broken, envelope, kinds, now, reader } from '../decide/generated.ts';

const { source } = policy;
const access = fc
  .tuple(fc.constantFrom(...kinds), fc.constantFrom(...allActions), fc.nat())
  .map(([kind, action, at]) => {
    const groups = source.domain.kinds[kind]?.groups ?? [];
    return { kind, action, group: groups[at % groups.length] ?? 'content' };
  });

test('explains exactly the access that the compiled policy allows as allowed', () => {
  let allowed = 0;
  fc.assert(
    fc.property(reader, envelope, access, (one, row, asked) => {
      const readerAccess = policy.accessOf(one, now);
      const truly = policy.may(readerAccess, asked.action, asked.kind, asked.group, row);
      const explained = explain(policy, readerAccess, asked, row);
      expect(explained.allowed).toBe(truly);
      expect(explained.permits.length > 0 && explained.prohibits.length === 0).toBe(truly);
      for (const { meeting } of explained.permits) expect(meeting).not.toHaveLength(0);
      allowed += Number(truly);
    }),
    { numRuns: 3000 },
  );
  expect(allowed).toBeGreaterThan(30);
});

test('explains an invalid envelope as prohibited by J01', () => {
  fc.assert(
    fc.property(reader, broken, (one, row) => {
      const readerAccess = policy.accessOf(one, now);
      const explained = explain(
        policy,
        readerAccess,
        { action: 'read', kind: 'Advisory', group: 'content' },
        row,
      );
      expect(explained.allowed).toBe(policy.decideRow(row, 'Advisory', readerAccess) !== null);
      const isByJ01 = explained.prohibits.some(({ id }) => id === 'J01');
      expect(isByJ01).toBe(explained.facts['marking'] === 'broken');
    }),
    { numRuns: 500 },
  );
});

test('allows the access once every unmet condition is met, unless a listed prohibition still applies', () => {
  let tried = 0;
  fc.assert(
    fc.property(reader, envelope, access, (one, row, asked) => {
      const explained = explain(policy, policy.accessOf(one, now), asked, row);
      if (explained.allowed) return;
      for (const way of explained.ways) {
        const made = cellsWith(way, one, explained).map((cell) => judge(source, cell));
        expect(made.some(({ allowed }) => allowed)).toBe(way.prohibitedBy.length === 0);
        for (const { permits } of made) expect(permits.map(({ id }) => id)).toContain(way.rule.id);
        tried += 1;
      }
    }),
    { numRuns: 1500 },
  );
  expect(tried).toBeGreaterThan(500);
});

test('the compiled policy allows the access once reader and envelope meet the listed conditions', () => {
  let changed = 0;
  fc.assert(
    fc.property(reader, envelope, access, (one, row, asked) => {
      const { ways } = explain(policy, policy.accessOf(one, now), asked, row);
      for (const { missing, prohibitedBy } of ways) {
        const mended = missing.reduce<Envelope | null>(
          (made, { of, expected }) => mend(made, of, expected),
          row,
        );
        const isOurs = missing.every(({ on, of }) => on !== 'relation' && (on !== 'record' || of in mends));
        if (!isOurs || prohibitedBy.length > 0 || mended === null) continue;
        if (missing.some(({ on }) => on === 'purpose')) continue;
        const readerAccess = policy.accessOf(meetShortfalls(one, missing), now);
        expect(policy.may(readerAccess, asked.action, asked.kind, asked.group, mended)).toBe(true);
        changed += 1;
      }
    }),
    { numRuns: 4000 },
  );
  expect(changed).toBeGreaterThan(20);
});

test('explains a coordinate as the hub decides it before it plans', () => {
  const names = policy.coordinates.types.flatMap((type) =>
    [...policy.coordinates.fieldsOf(type).keys()].map((field) => ({ type, field })),
  );
  fc.assert(
    fc.property(reader, fc.constantFrom(...names), (one, { type, field }) => {
      const explained = explainCoordinate(policy, one, `${type}.${field}`);
      expect(explained.allowed).toBe(policy.mayUse(one, type, field));
      const [nearest] = explained.ways;
      if (explained.allowed || nearest === undefined || nearest.prohibitedBy.length > 0) return;
      expect(policy.mayUse(meetShortfalls(one, nearest.missing), type, field)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(explainCoordinate(policy, readerOf(), 'Nothing.named')).toMatchObject({ allowed: false, ways: [] });
});

test('explains the record, the group and the portion of a field', () => {
  const portion = {
    path: 'title',
    marking: markingOf({ tlp: 'RED' }),
    audience: audienceOf({ reach: 'NAMED' }),
  };
  const row = envelopeOf({ marking: markingOf({ tlp: 'GREEN' }), portions: [portion] });
  const readerAccess = policy.accessOf(readerOf(), now);
  const title = explainField(policy, readerAccess, 'Advisory', row, 'title');
  expect(title.steps.map(({ of, allowed }) => [of, allowed])).toEqual([
    ['the record', true],
    ['the portion', false],
  ]);
  expect(title.allowed).toBe(false);
  expect(explainField(policy, readerAccess, 'Advisory', row, 'summary').allowed).toBe(true);
  const name = explainField(policy, readerAccess, 'NotificationFile', row, 'entityName');
  expect(name.steps.map(({ of, group }) => [of, group])).toEqual([
    ['the record', 'content'],
    ['the group of fields', 'entity-name'],
  ]);
});

test('explains a field as the guard decides it, on every generated record', () => {
  fc.assert(
    fc.property(reader, envelope, fc.constantFrom(...kinds), fc.nat(), (one, row, kind, at) => {
      const readerAccess = policy.accessOf(one, now);
      const decision = policy.decideRow(row, kind, readerAccess);
      const fields = [...policy.coordinates.fieldsOf(kind)];
      const [field, { group }] = fields[at % fields.length] ?? ['id', { group: 'content' }];
      const isShown =
        decision !== null &&
        !decision.hidden.has(field) &&
        (group === 'content' || decision.groups.has(group));
      expect(explainField(policy, readerAccess, kind, row, field).allowed).toBe(isShown);
    }),
    { numRuns: 2000 },
  );
});

test('lists an unmet relation with the values of the record and of the reader', () => {
  const amber = envelopeOf({
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }),
  });
  const asked = { action: 'read', kind: 'Advisory', group: 'content' } as const;
  const stranger = policy.accessOf(readerOf({ organisation: 'csirt-pl' }), now);
  const [nearest] = explain(policy, stranger, asked, amber).ways.filter(({ rule }) => rule.id === 'J04');
  expect(nearest).toMatchObject({
    missing: [
      {
        on: 'relation',
        of: 'recipient for its purpose',
        expected: ['org:csirt-fr+for:incident-response'],
        got: ['org:csirt-pl+for:incident-response'],
      },
    ],
    prohibitedBy: [],
  });
});

/** Returns the cells of a reader and a record that meet all conditions of a permission. */
function cellsWith(way: PermitCheck, one: Reader, explained: Explanation) {
  const good = meetShortfalls(one, way.missing);
  const ofRecord = way.missing.filter(({ on }) => on === 'record');
  const records = ofRecord.reduce<readonly RecordFacts[]>(
    (all, { of, expected }) => all.flatMap((facts) => expected.map((value) => ({ ...facts, [of]: value }))),
    [explained.facts],
  );
  const { action, group } = explained;
  return records.map((facts) => ({
    classes: new Set(policy.classesOf(good)),
    relations: new Set(relations.filter((relation) => relation === way.rule.relation)),
    facts,
    group,
    action,
  }));
}

/** Sets the value of a dimension that depends on one member of the envelope only. */
const mends: Readonly<Record<string, (row: Envelope, value: string) => Envelope>> = {
  embargo: (row) => ({ ...row, embargoUntil: null }),
  state: (row, value) => ({ ...row, recordState: value as Envelope['recordState'] }),
  restrictions: (row, value) => withMarking(row, { extraRestrictions: value === 'none' ? [] : ['ask'] }),
  distribution: (row, value) =>
    withMarking(row, { distribution: value as Envelope['marking']['distribution'] }),
  codes: (row, value) =>
    withMarking(row, { handlingCodes: (value === '' ? [] : value.split(',')) as readonly HandlingCode[] }),
};

function mend(row: Envelope | null, of: string, [value = '']: readonly string[]): Envelope | null {
  if (row === null) return null;
  return mends[of]?.(row, value) ?? row;
}

function withMarking(row: Envelope, changes: Partial<Envelope['marking']>): Envelope {
  return { ...row, marking: { ...row.marking, ...changes } };
}
