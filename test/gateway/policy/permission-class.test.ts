import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { permissionClassOf } from '../../../gateway/policy/permission-class.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { policy, policyWith } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';
import { envelope, kinds, now, reader } from '../../schema/policy/decide/generated.ts';

const classOf = (one: Reader, at = now) => permissionClassOf(one, policy, at);

/** The actions that are compared: those of lists and events, and one of each other kind. */
const actions: readonly Action[] = ['read', 'search', 'subscribe', 'change', 'administer'];

/** Generates a reader and another one that differs from it in a few facts. */
const pair = fc
  .tuple(
    reader,
    reader,
    fc.oneof(
      fc.constant<(keyof Reader)[]>(['subject']),
      fc.subarray(Object.keys(readerOf()) as (keyof Reader)[], { maxLength: 2 }),
    ),
  )
  .map(([one, other, facts]) => {
    const changed = Object.fromEntries(facts.map((fact) => [fact, other[fact]]));
    return [one, { ...one, ...changed }] as const;
  });

test('gives readers of one class the same decisions on every record, kind and group', () => {
  let compared = 0;
  let different = 0;
  fc.assert(
    fc.property(pair, fc.array(envelope, { minLength: 2, maxLength: 2 }), ([one, other], rows) => {
      if (classOf(one) !== classOf(other)) return;
      compared += 1;
      if (JSON.stringify(one) !== JSON.stringify(other)) different += 1;
      const [ofOne, ofOther] = [one, other].map((each) => policy.accessOf(each, now));
      if (ofOne === undefined || ofOther === undefined) throw new Error('expected two readers');
      expect(ofOther.kind).toBe(ofOne.kind);
      for (const kind of kinds) {
        for (const action of actions)
          for (const group of policy.source.domain.kinds[kind]?.groups ?? []) {
            expect(ofOther.keys(kind, action, group)).toEqual(ofOne.keys(kind, action, group));
            for (const row of rows)
              expect(policy.may(ofOther, action, kind, group, row)).toBe(
                policy.may(ofOne, action, kind, group, row),
              );
          }
        for (const row of rows)
          expect(policy.decideRow(row, kind, ofOther)).toEqual(policy.decideRow(row, kind, ofOne));
      }
    }),
    { numRuns: 200 },
  );
  expect(compared).toBeGreaterThan(30);
  expect(different).toBeGreaterThan(5);
});

test('puts two readers in one class who differ in the subject alone, if no access key names it', () => {
  const [one, other] = [readerOf(), readerOf({ subject: 'u-2' })];
  expect(classOf(one)).toBe(classOf(other));
});

test('keeps two persons on screen in two classes, since their access keys name them', () => {
  const [one, other] = [readerOf({ onScreen: true }), readerOf({ onScreen: true, subject: 'u-2' })];
  expect([...policy.accessOf(one, now).keys('Advisory')].some((key) => key.includes('named:u-1'))).toBe(true);
  expect(classOf(one)).not.toBe(classOf(other));
});

test('does not depend on the order in which the registry returns lists', () => {
  const roles = ['csirt-analyst', 'duty-officer'];
  expect(classOf(readerOf({ roles }))).toBe(classOf(readerOf({ roles: roles.toReversed() })));
});

test.each([
  ['organisation', { organisation: 'csirt-pl' }],
  ['communities', { communities: [] }],
  ['memberState', { memberState: 'PL' }],
  ['roles', { roles: ['duty-officer'] }],
  ['sharingGroups', { sharingGroups: ['g1'] }],
  ['client', { client: 'machine' as const }],
  ['purpose', { purpose: null }],
  ['picture', { picture: 'exercise:one' }],
  ['onScreen', { onScreen: true }],
  ['grants', { grants: [{ id: 'G1', by: 'cert-eu', until: '2027-01-01T00:00:00Z' }] }],
  ['offices', { offices: [{ office: 'editor', until: '2027-01-01T00:00:00Z' }] }],
])('gives another class for another %s', (_fact, changes) => {
  expect(classOf(readerOf(changes))).not.toBe(classOf(readerOf()));
});

test('changes when an office ends', () => {
  const editor = readerOf({ offices: [{ office: 'editor', until: '2026-11-24T12:00:01Z' }] });
  const end = new Date('2026-11-24T12:00:01Z');
  expect(classOf(editor)).not.toBe(classOf(editor, end));
  expect(classOf(editor, end)).toBe(classOf(readerOf(), end));
});

test('changes when a grant ends, and with the policy', () => {
  const holder = readerOf({ grants: [{ id: 'G1', by: 'cert-eu', until: '2026-11-24T12:00:01Z' }] });
  expect(classOf(holder)).not.toBe(classOf(holder, new Date('2026-11-24T12:00:01Z')));
  const other = policyWith('Other');
  expect(permissionClassOf(holder, other, now)).toBe(classOf(holder));
  Object.defineProperty(other, 'version', { value: 'joint-baseline-99' });
  expect(permissionClassOf(holder, other, now)).not.toBe(classOf(holder));
});
