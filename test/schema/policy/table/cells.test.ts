import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  allows,
  type Column,
  type Deed,
  knowReaders,
  openSpace,
  type Row,
  type Space,
  speakOf,
} from '../../../../schema/policy/table/cells.ts';
import type { RecordFacts } from '../../../../schema/policy/language/domain.ts';
import { factsOf } from '../../../../schema/policy/decide/facts.ts';
import { judge } from '../../../../schema/policy/explain/judge.ts';
import { readPolicy } from '../../../../schema/policy/decide/load.ts';
import { isOfClass } from '../../../../schema/policy/language/rules.ts';
import { deedsOf, sideOf, textOf } from '../../../../schema/policy/table/sides.ts';
import { decideByKeys, witnessOf } from '../../../../schema/policy/table/example.ts';
import { envelope, isSound, kinds, reader, trulyReads } from '../decide/generated.ts';

const policy = readPolicy();
const known = knowReaders();
const deeds = deedsOf(policy.source);
const tables = new Map<string, Space>();

/** The table of a deed; deeds that the same rules speak of have one. */
function table(at: number): { readonly deed: Deed; readonly space: Space } {
  const deed = pick(deeds, at);
  const side = sideOf(policy.source, deed);
  const space = tables.get(textOf(side)) ?? openSpace([side], deed.kind, known);
  tables.set(textOf(side), space);
  return { deed, space };
}

const classesOf = ({ reader: { traits } }: Column) =>
  new Set(
    [...policy.source.classes.values()].filter((one) => isOfClass(traits, one)).map(({ name }) => name),
  );

function pick<Value>(values: readonly Value[], at: number): Value {
  const value = values[at % values.length];
  if (value === undefined) throw new Error('there is none');
  return value;
}

const place = fc.nat({ max: 100_000 });
const cell = fc
  .record({ deed: fc.nat({ max: deeds.length - 1 }), column: place, row: place, block: place })
  .map(({ deed: at, column, row, block }) => {
    const { deed, space } = table(at);
    const chosen: Row = pick(space.rows, row);
    const facts: RecordFacts = { ...pick(chosen.blocks, block).facts, kind: deed.kind };
    return { deed, space, column: pick(space.columns, column), row: chosen, facts };
  });

test('the table’s masks, the rules as they are written and the keys decide every cell alike', () => {
  let allowed = 0;
  fc.assert(
    fc.property(cell, ({ deed, space, column, row, facts }) => {
      const byMasks = allows(space, 0, column, row);
      const judged = judge(policy.source, {
        classes: classesOf(column),
        relations: column.relation.holds,
        facts,
        group: deed.group,
        action: deed.action,
      });
      expect({ byRules: judged.allowed, byKeys: decideByKeys(policy, deed, column, facts) }).toEqual({
        byRules: byMasks,
        byKeys: byMasks,
      });
      const speaking = speakOf(space, 0, column, row).map(({ id }) => id);
      expect(speaking.toSorted()).toEqual(
        [...judged.permits, ...judged.prohibits].map(({ id }) => id).toSorted(),
      );
      allowed += Number(byMasks);
    }),
    { numRuns: 4000 },
  );
  expect(allowed).toBeGreaterThan(20);
}, 120_000);

test('every cell that is allowed is so for its witness too, and is for one block of records of each row', () => {
  let seen = 0;
  for (const [at, deed] of deeds.entries()) {
    if (deed.kind !== 'Sighting' && deed.kind !== 'Contribution' && deed.kind !== 'Hub') continue;
    const { space } = table(at);
    for (const column of space.columns)
      for (const row of space.rows) {
        const facts = { ...pick(row.blocks, 0).facts, kind: deed.kind };
        if (!allows(space, 0, column, row)) continue;
        seen += 1;
        expect(decideByKeys(policy, deed, column, facts)).toBe(true);
      }
  }
  expect(seen).toBeGreaterThan(400);
});

test('a witness is a whole record, and the very one that its cell says: no cell is of a record that cannot be', () => {
  fc.assert(
    fc.property(cell, ({ column, facts }) => {
      const { envelope: made } = witnessOf(column, facts);
      const isWhole = facts['marking'] === 'valid' && facts['classification'] === 'none';
      expect(isSound(made)).toBe(isWhole);
      if (!isWhole) return;
      const embargo = made.embargoUntil === null ? 'over' : 'running';
      const seen = { ...factsOf(made, facts.kind, embargo, policy.source.domain.facts) };
      expect({ ...seen, picture: facts['picture'] }).toMatchObject(facts);
    }),
    { numRuns: 2000 },
  );
});

test('whoever may read any generated record is in a cell that the table allows', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), reader, envelope, (kind, one, row) => {
      fc.pre(trulyReads(policy.source, one, kind, row, 'content'));
      const { space } = table(
        deeds.findIndex((deed) => deed.kind === kind && deed.group === 'content' && deed.action === 'read'),
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
