import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Action, allActions, rowActions } from '../../../../schema/policy/language/domain.ts';
import { compileFilter } from '../../../../schema/policy/decide/filter.ts';
import { readPolicy } from '../../../../schema/policy/decide/load.ts';
import { broken, envelope, isValid, kinds, now, reader, allowedByRules } from '../decide/generated.ts';

const policy = readPolicy();

const meets = (keys: readonly string[], held: readonly string[]) => keys.some((key) => held.includes(key));

/** Returns true if the filter of `compileFilter` finds the row by its access keys. Uses no store. */
function isFoundByKeys(
  one: Parameters<typeof allowedByRules>[1],
  kind: string,
  row: unknown,
  action: Action,
): boolean {
  if (!isValid(row)) return false;
  const { admits, early } = policy.admittedKeys(row, kind);
  const { admits: open, $or } = compileFilter([...policy.accessOf(one, now).keys(kind, action)], now);
  const isOpen = (row.embargoUntil ?? new Date(0)) <= $or[0].openFrom.$lte;
  return meets(admits, open.$in) && (isOpen || meets(early, $or[1].admitsEarly.$in));
}

const decided = { all: 0, allowed: 0 };

test('guard, access keys and table decide every action on every group of fields alike', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      envelope,
      reader,
      fc.constantFrom(...allActions),
      (kind, row, one, action) => {
        const readerAccess = policy.accessOf(one, now);
        for (const group of policy.source.domain.kinds[kind]?.groups ?? []) {
          const truly = allowedByRules(policy.source, one, kind, row, group, action);
          expect({ group, action, may: policy.may(readerAccess, action, kind, group, row) }).toEqual({
            group,
            action,
            may: truly,
          });
          const isListed = group === 'content' && rowActions.includes(action);
          expect(isListed ? isFoundByKeys(one, kind, row, action) : truly).toBe(truly);
          expect(policy.mayEver(one, kind, group, action) || !truly).toBe(true);
          decided.all += 1;
          decided.allowed += truly ? 1 : 0;
        }
      },
    ),
    { numRuns: Number(process.env['JCU_RUNS'] ?? 6000) },
  );
  expect(decided.allowed).toBeGreaterThan(decided.all / 50);
});

test('a broken envelope admits no access key and no reader', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), broken, reader, (kind, row, one) => {
      if (isValid(row)) return;
      expect(policy.decideRow(row, kind, policy.accessOf(one, now))).toBeNull();
      expect(policy.admittedKeys(row as never, kind)).toEqual({ admits: [], early: [] });
    }),
    { numRuns: 1000 },
  );
});

test('a row admits each access key once', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), envelope, (kind, row) => {
      const { admits, early } = policy.admittedKeys(row, kind);
      expect(new Set(admits).size).toBe(admits.length);
      expect(early.every((key) => admits.includes(key))).toBe(true);
    }),
  );
});

test('two variants of an access key with the same text have the same meaning', () => {
  for (const kind of Object.keys(policy.source.domain.kinds)) {
    for (const group of policy.source.domain.kinds[kind]?.groups ?? []) {
      const { variants } = policy.compiled(kind, group);
      const meanings = variants.map(({ text, relation, classes, without, actions }) =>
        JSON.stringify([text, relation, classes, without, [...actions].toSorted()]),
      );
      expect(new Set(variants.map(({ text }) => text)).size).toBe(new Set(meanings).size);
    }
  }
});
