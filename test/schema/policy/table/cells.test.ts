import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  allows,
  type Column,
  type Access,
  cachedReaderBlocks,
  buildSpace,
  type Row,
  type Space,
  matchingTerms,
} from '../../../../schema/policy/table/cells.ts';
import type { RecordFacts } from '../../../../schema/policy/language/domain.ts';
import { factsOf } from '../../../../schema/policy/decide/facts.ts';
import { judge } from '../../../../schema/policy/explain/judge.ts';
import { readPolicy } from '../../../../schema/policy/decide/load.ts';
import { isOfClass } from '../../../../schema/policy/language/rules.ts';
import { accessesOf, sideOf, textOf } from '../../../../schema/policy/table/sides.ts';
import { decideByKeys, exampleOf } from '../../../../schema/policy/table/example.ts';
import { envelope, isValid, kinds, reader, allowedByRules } from '../decide/generated.ts';

const policy = readPolicy();
const known = cachedReaderBlocks();
const accesses = accessesOf(policy.source);
const tables = new Map<string, Space>();

/** Returns the cells of an access. Accesses with the same rules share them. */
function table(at: number): { readonly access: Access; readonly space: Space } {
  const access = pick(accesses, at);
  const side = sideOf(policy.source, access);
  const space = tables.get(textOf(side)) ?? buildSpace([side], access.kind, known);
  tables.set(textOf(side), space);
  return { access, space };
}

const classesOf = ({ reader: { traits } }: Column) =>
  new Set(
    [...policy.source.classes.values()].filter((one) => isOfClass(traits, one)).map(({ name }) => name),
  );

function pick<Value>(values: readonly Value[], at: number): Value {
  const value = values[at % values.length];
  if (value === undefined) throw new Error('expected at least one value, got none');
  return value;
}

const place = fc.nat({ max: 100_000 });
const cell = fc
  .record({ access: fc.nat({ max: accesses.length - 1 }), column: place, row: place, block: place })
  .map(({ access: at, column, row, block }) => {
    const { access, space } = table(at);
    const chosen: Row = pick(space.rows, row);
    const facts: RecordFacts = { ...pick(chosen.blocks, block).facts, kind: access.kind };
    return { access, space, column: pick(space.columns, column), row: chosen, facts };
  });

test('masks, rules and access keys make the same decision for every cell', () => {
  let allowed = 0;
  fc.assert(
    fc.property(cell, ({ access, space, column, row, facts }) => {
      const byMasks = allows(space, 0, column, row);
      const judged = judge(policy.source, {
        classes: classesOf(column),
        relations: column.relation.holds,
        facts,
        group: access.group,
        action: access.action,
      });
      expect({ byRules: judged.allowed, byKeys: decideByKeys(policy, access, column, facts) }).toEqual({
        byRules: byMasks,
        byKeys: byMasks,
      });
      const matching = matchingTerms(space, 0, column, row).map(({ id }) => id);
      expect(matching.toSorted()).toEqual(
        [...judged.permits, ...judged.prohibits].map(({ id }) => id).toSorted(),
      );
      allowed += Number(byMasks);
    }),
    { numRuns: 4000 },
  );
  expect(allowed).toBeGreaterThan(20);
});

test('access keys allow the example of every cell that the table allows', () => {
  let seen = 0;
  for (const [at, access] of accesses.entries()) {
    if (access.kind !== 'Sighting' && access.kind !== 'Contribution' && access.kind !== 'Hub') continue;
    const { space } = table(at);
    for (const column of space.columns)
      for (const row of space.rows) {
        const facts = { ...pick(row.blocks, 0).facts, kind: access.kind };
        if (!allows(space, 0, column, row)) continue;
        seen += 1;
        expect(decideByKeys(policy, access, column, facts)).toBe(true);
      }
  }
  expect(seen).toBeGreaterThan(400);
});

test('constructs for every cell an example with exactly the facts of the cell', () => {
  fc.assert(
    fc.property(cell, ({ column, facts }) => {
      const { envelope: made } = exampleOf(column, facts);
      const isComplete = facts['marking'] === 'valid' && facts['classification'] === 'none';
      expect(isValid(made)).toBe(isComplete);
      if (!isComplete) return;
      const embargo = made.embargoUntil === null ? 'over' : 'running';
      const seen = { ...factsOf(made, facts.kind, embargo, policy.source.domain.facts) };
      expect({ ...seen, picture: facts['picture'] }).toMatchObject(facts);
    }),
    { numRuns: 2000 },
  );
});

test('has an allowed cell for every reader who may read a generated record', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), reader, envelope, (kind, one, row) => {
      fc.pre(allowedByRules(policy.source, one, kind, row, 'content'));
      const { space } = table(
        accesses.findIndex(
          (access) => access.kind === kind && access.group === 'content' && access.action === 'read',
        ),
      );
      const readers = space.readers.filter(({ is }) =>
        space.literals.every(({ name, one: literal }) => is.has(name) === isOfClass(one, literal)),
      );
      expect(readers).toHaveLength(1);
      const columns = space.columns.filter((column) => column.reader === readers[0]);
      expect(columns.some((column) => space.rows.some((each) => allows(space, 0, column, each)))).toBe(true);
    }),
    { numRuns: 200 },
  );
});
