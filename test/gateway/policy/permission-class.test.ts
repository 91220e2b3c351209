import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { permissionClassOf } from '../../../gateway/policy/permission-class.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import { rowActions } from '../../../schema/policy/language/domain.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { readerOf } from '../../helpers/records.ts';
import { envelope, kinds, now, reader } from '../../schema/policy/decide/generated.ts';

const policy = readPolicy();
const classOf = (one: Reader) => permissionClassOf(policy, one, now);

/** Everything that the policy decides about a record for a reader, as text. */
function decisions(one: Reader, row: Envelope, kind: string): string {
  const access = policy.accessOf(one, now);
  const decision = policy.decideRow(row, kind, access);
  const shown = decision === null ? null : [[...decision.hidden].toSorted(), [...decision.groups].toSorted()];
  return JSON.stringify([
    shown,
    rowActions.map((action) => policy.may(access, action, kind, 'content', row)),
  ]);
}

/** Pairs of readers that differ in the subject, and often in one other fact. */
const pair = fc
  .tuple(
    reader,
    reader,
    fc.constantFrom<keyof Reader | null>(null, 'roles', 'grants', 'memberState', 'onScreen'),
  )
  .map(([one, other, fact]) => [
    one,
    { ...one, subject: other.subject, ...(fact !== null && { [fact]: other[fact] }) },
  ]);

test('gives readers of one permission class the same decision on every record', () => {
  const seen = { sameClass: 0, readable: 0, otherClass: 0 };
  fc.assert(
    fc.property(
      pair,
      fc.array(envelope, { minLength: 20, maxLength: 20 }),
      fc.constantFrom(...kinds),
      ([one, other], rows, kind) => {
        if (one === undefined || other === undefined) return;
        if (one.subject !== other.subject)
          seen[classOf(one) === classOf(other) ? 'sameClass' : 'otherClass'] += 1;
        if (classOf(one) !== classOf(other)) return;
        for (const row of rows) {
          const decided = decisions(one, row, kind);
          expect(decisions(other, row, kind)).toBe(decided);
          if (!decided.startsWith('[null')) seen.readable += 1;
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(seen.sameClass).toBeGreaterThan(50);
  expect(seen.otherClass).toBeGreaterThan(50);
  expect(seen.readable).toBeGreaterThan(200);
});

test('separates two persons at a screen, whom a record may name, and joins two machines', () => {
  const person = readerOf({ client: 'person', onScreen: true, subject: 'u-1' });
  expect(classOf(person)).not.toBe(classOf({ ...person, subject: 'u-2' }));
  const machine = readerOf({ client: 'machine', onScreen: false, subject: 'm-1' });
  expect(classOf(machine)).toBe(classOf({ ...machine, subject: 'm-2' }));
});

test('separates readers of other organisations, purposes, pictures and Member States', () => {
  const machine = readerOf({ client: 'machine', onScreen: false });
  const others: readonly Partial<Reader>[] = [
    { organisation: 'csirt-pl' },
    { purpose: 'crime-prevention' },
    { picture: 'exercise:one' },
    { memberState: 'PL' },
    { roles: ['policy-auditor'] },
    { sharingGroups: ['g9'] },
    { communities: [] },
  ];
  const classes = [machine, ...others.map((change) => ({ ...machine, ...change }))].map(classOf);
  expect(new Set(classes).size).toBe(others.length + 1);
});

test('leaves the class when a grant ends', () => {
  const grants = [{ id: 'G1', by: 'cert-eu', until: '2026-11-24T12:00:01.000Z' }];
  const machine = readerOf({ client: 'machine', onScreen: false, grants });
  const after = new Date('2026-11-24T12:00:01.000Z');
  expect(permissionClassOf(policy, machine, after)).not.toBe(classOf(machine));
  expect(permissionClassOf(policy, machine, after)).toBe(classOf({ ...machine, grants: [] }));
});
