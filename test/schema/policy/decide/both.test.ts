import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BothPolicies } from '../../../../schema/policy/decide/both.ts';
import { allActions } from '../../../../schema/policy/language/domain.ts';
import { compileFilter } from '../../../../schema/policy/decide/filter.ts';
import { envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { versionMoving, versionWithout } from '../../../helpers/versions.ts';
import { broken, envelope, isValid, kinds, now, reader, allowedByRules } from './generated.ts';

const older = versionWithout(1, 'J03', 'J05');
const newer = versionWithout(2, 'J04', 'J33');
/** Two versions of which each allows access that the other refuses, in both orders. */
const pairs = [new BothPolicies(older, newer), new BothPolicies(newer, older)];
const tried = { both: 0, one: 0 };

test('allows a record, portion, group or action only if both versions allow it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      fc.constantFrom(...kinds),
      fc.oneof({ weight: 9, arbitrary: envelope }, { weight: 1, arbitrary: broken }),
      reader,
      fc.constantFrom(...allActions),
      (both, kind, row, one, action) => {
        const each = [both.older, both.newer];
        const readerAccess = both.accessOf(one, now);
        const decision = both.decideRow(row, kind, readerAccess);
        const allowed = each.map(
          ({ source }) => isValid(row) && allowedByRules(source, one, kind, row, 'content'),
        );
        expect(decision !== null).toBe(allowed.every(Boolean));
        tried.both += allowed.every(Boolean) ? 1 : 0;
        tried.one += allowed[0] === allowed[1] ? 0 : 1;
        if (!isValid(row)) return;
        for (const group of both.source.domain.kinds[kind]?.groups ?? []) {
          const may = each.every(({ source }) => allowedByRules(source, one, kind, row, group, action));
          expect(both.may(readerAccess, action, kind, group, row)).toBe(may);
        }
        if (decision === null) return;
        for (const { path, marking, audience, releases = [] } of row.portions) {
          const part = { ...row, marking, audience, releases };
          const isOpen = each.every(({ source }) => allowedByRules(source, one, kind, part, 'content'));
          expect(isOpen || decision.hidden.has(path)).toBe(true);
        }
      },
    ),
    { numRuns: Number(process.env['JCU_RUNS'] ?? 4000) },
  );
  expect(tried.both).toBeGreaterThan(100);
  expect(tried.one).toBeGreaterThan(100);
});

test('finds records by the access keys of the older version and stores the keys of both', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      fc.constantFrom(...kinds),
      envelope,
      reader,
      (both, kind, row, one) => {
        const { admits } = both.admittedKeys(row, kind);
        const filter = compileFilter([...both.accessOf(one, now).keys(kind)], now);
        const isOpen = row.embargoUntil === null || row.embargoUntil <= now;
        const found = admits.some((key) => filter.admits.$in.includes(key));
        expect(isOpen ? found : true).toBe(
          isOpen ? allowedByRules(both.older.source, one, kind, row, 'content') : true,
        );
        expect(admits).toEqual([
          ...both.older.admittedKeys(row, kind).admits,
          ...both.newer.admittedKeys(row, kind).admits,
        ]);
      },
    ),
    { numRuns: 1000 },
  );
});

test('allows a root field or field only if both versions allow it', () => {
  const coordinates = newer.coordinates.types.flatMap((type) =>
    [...newer.coordinates.fieldsOf(type).keys()].map((field) => [type, field] as const),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...pairs),
      reader,
      fc.constantFrom(...coordinates),
      (both, one, [type, field]) => {
        const may = both.older.mayUse(one, type, field) && both.newer.mayUse(one, type, field);
        expect(both.mayUse(one, type, field)).toBe(may);
        expect(both.accessOf(one, now).mayUse(type, field)).toBe(may);
      },
    ),
    { numRuns: 3000 },
  );
});

test('hides a field that the older version has in a refused group or does not know', () => {
  const open = envelopeOf({ marking: markingOf({ tlp: 'CLEAR' }) });
  const outsider = readerOf({ organisation: 'nordsee-energy', communities: [] });
  for (const before of [
    versionMoving(1, 'Advisory', 'serial', 'audience'),
    versionMoving(1, 'Advisory', 'serial', null),
  ]) {
    const both = new BothPolicies(before, versionWithout(2));
    expect(before.decideRow(open, 'Advisory', before.accessOf(outsider, now))?.groups).not.toContain(
      'audience',
    );
    const decision = both.decideRow(open, 'Advisory', both.accessOf(outsider, now));
    expect(decision?.hidden).toContain('serial');
    expect(decision?.hidden).not.toContain('title');
  }
});

test('refuses a kind of record that neither version knows', () => {
  const [both] = pairs;
  const readerAccess = both?.accessOf(readerOf({ organisation: 'cert-eu' }), now);
  expect(readerAccess && both?.decideRow(envelopeOf(), 'Unheard', readerAccess)).toBeNull();
});
