import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainDecision } from '../../../gateway/hub-subgraph/decision.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { readerOf } from '../../helpers/records.ts';
import { reader } from '../../schema/policy/decide/generated.ts';
import { logged } from '../audit/logged.ts';

const policy = readPolicy();
test('explains every possible refusal from the audit entry', () => {
  const names = policy.coordinates.types.flatMap((type) =>
    [...policy.coordinates.fieldsOf(type).keys()].map((field) => ({ type, field })),
  );
  let refusals = 0;
  fc.assert(
    fc.property(reader, fc.subarray(names, { maxLength: 20 }), (one, asked) => {
      const refused = asked
        .filter(({ type, field }) => !policy.mayUse(one, type, field))
        .map(({ type, field }) => `${type}.${field}`);
      const decision = explainDecision(logged(one, refused), policy);
      expect(decision.refused.map(({ coordinate }) => coordinate)).toEqual(refused.toSorted());
      for (const { ways } of decision.refused) {
        expect(ways).not.toBeNull();
        const open = ways?.filter(({ missing, prohibitedBy }) => missing.length + prohibitedBy.length === 0);
        expect(open).toEqual([]);
        refusals += 1;
      }
      expect(decision.note === null).toBe(refused.length > 0);
    }),
    { numRuns: 200 },
  );
  expect(refusals).toBeGreaterThan(100);
});

test('explains that an analyst lacks a role for the policy', () => {
  const decision = explainDecision(logged(readerOf({ roles: ['csirt-analyst'] }), ['Query.policy']), policy);
  expect(decision.note).toBeNull();
  expect(decision.classes).toContain('csirts');
  expect(decision.refused[0]?.ways?.[0]).toMatchObject({
    rule: { id: 'J29' },
    missing: [{ on: 'role', expected: ['policy-auditor', 'external-auditor'], got: ['csirt-analyst'] }],
    prohibitedBy: [],
  });
});

test('explains that J29a prohibits records to an auditor', () => {
  const decision = explainDecision(
    logged(readerOf({ roles: ['policy-auditor'] }), ['Query.mispEvents']),
    policy,
  );
  expect(decision.refused[0]?.ways?.[0]).toMatchObject({ missing: [], prohibitedBy: [{ id: 'J29a' }] });
});

test('says why a decision cannot be recomputed, and keeps its refusals', () => {
  const access = logged(readerOf(), ['Query.policy']);
  const erased = explainDecision({ ...access, reader: null }, policy);
  expect(erased).toMatchObject({ refused: [{ coordinate: 'Query.policy', ways: null }], classes: null });
  expect(erased.note).toMatch(/erased/);
  expect(explainDecision(access, null).note).toMatch(/never in force here/);
  expect(explainDecision(logged(readerOf(), ['Query.policy'], 'joint-baseline-1'), policy).note).toBe(
    'policy version joint-baseline-1 was never in force here, or cannot be read',
  );
});

test('explains the first 50 refusals, and says that there are more', () => {
  const refused = Array.from({ length: 60 }, (_, n) => `Query.no${String(n).padStart(2, '0')}`);
  const decision = explainDecision(logged(readerOf(), refused), policy);
  expect(decision.refused.map(({ coordinate }) => coordinate)).toEqual(refused);
  expect(decision.refused.filter(({ ways }) => ways !== null)).toHaveLength(50);
  expect(decision.note).toBe('only the first 50 refusals are explained');
});

test('reports a refusal that does not follow from rules and attributes', () => {
  const { note } = explainDecision(logged(readerOf(), ['Query.vulnerability']), policy);
  expect(note).toMatch(/do not follow from these rules/);
});
