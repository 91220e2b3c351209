import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, MongoClient } from 'mongodb';
import { startStores, type Stores } from '../../../../docker/trial/stores/stores.ts';
import { compileFilter, maxHeldKeys } from '../../../../schema/policy/decide/filter.ts';
import { readPolicy } from '../../../../schema/policy/decide/load.ts';
import { broken, envelope, isValid, kinds, now, reader, allowedByRules } from './generated.ts';

const policy = readPolicy();
const home = mkdtempSync(join(tmpdir(), 'jcu-agreement-'));
let stores: Stores;
let client: MongoClient;
let rows: Collection<{ _id: number; envelope: unknown }>;

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

/** Counts that show that the property test covered enough cases. */
const tried = { readers: 0, decisions: 0, allowed: 0, fields: 0 };

test('guard, store filter and rules make the same decision for every reader, record and field', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.array(fc.oneof({ weight: 5, arbitrary: envelope }, { weight: 1, arbitrary: broken }), {
        maxLength: 80,
        size: 'max',
      }),
      fc.array(reader, { minLength: 1, maxLength: 8, size: 'max' }),
      async (kind, envelopes, readers) => {
        await rows.deleteMany({});
        if (envelopes.length > 0)
          await rows.insertMany(envelopes.map((one, at) => rowOf(one, kind, at)) as never);
        for (const one of readers) {
          const readerAccess = policy.accessOf(one, now);
          const filter = compileFilter([...readerAccess.keys(kind)], now);
          const found = await rows.find(filter as never, { projection: { _id: 1 } }).toArray();
          const byFilter = found.map(({ _id }) => _id).filter((at) => isValid(envelopes[at]));
          const decisions = envelopes.map((row) => policy.decideRow(row, kind, readerAccess));
          const byGuard = decisions.flatMap((decision, at) => (decision === null ? [] : [at]));
          const byTable = envelopes.flatMap((row, at) =>
            isValid(row) && allowedByRules(policy.source, one, kind, row, 'content') ? [at] : [],
          );
          expect({ byFilter: byFilter.toSorted((a, b) => a - b), byGuard }).toEqual({
            byFilter: byTable,
            byGuard: byTable,
          });
          for (const at of byTable) expectSameFields(one, kind, envelopes[at], decisions[at]);
          count(envelopes.length, byTable.length);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(tried.decisions).toBeGreaterThanOrEqual(200 * 20 * 3);
  expect(tried.allowed).toBeGreaterThan(tried.decisions / 50);
  expect(tried.fields).toBeGreaterThan(1000);
});

function expectSameFields(
  one: Parameters<typeof allowedByRules>[1],
  kind: string,
  row: unknown,
  decision: { readonly groups: ReadonlySet<string>; readonly hidden: ReadonlySet<string> } | null | undefined,
): void {
  if (!isValid(row)) throw new Error('expected a valid envelope, got a decision on an invalid one');
  const groups = (policy.source.domain.kinds[kind]?.groups ?? []).filter((group) => group !== 'content');
  const byTable = groups.filter((group) => allowedByRules(policy.source, one, kind, row, group));
  expect([...(decision?.groups ?? [])].toSorted()).toEqual(byTable.toSorted());
  const hidden = row.portions.filter(
    ({ marking, audience, releases = [] }) =>
      !allowedByRules(policy.source, one, kind, { ...row, marking, audience, releases }, 'content'),
  );
  expect(decision?.hidden).toEqual(new Set(hidden.map(({ path }) => path)));
  tried.fields += groups.length + row.portions.length;
}

function count(decisions: number, allowed: number): void {
  tried.readers += 1;
  tried.decisions += decisions;
  tried.allowed += allowed;
}

test('rejects more access keys than one query may scan instead of dropping some', () => {
  const keys = Array.from({ length: maxHeldKeys + 1 }, (_, at) => `1|real|group:g${at};r`);
  expect(() => compileFilter(keys, now)).toThrow(RangeError);
});

/**
 * Returns a row with access keys as an import writes them. An invalid envelope gets keys that no import would write.
 */
function rowOf(one: unknown, kind: string, _id: number): object {
  const front = `${policy.source.version}|real|`;
  const keys = isValid(one)
    ? policy.admittedKeys(one, kind)
    : { admits: [`${front}anyone;rsx`, `${front}origin:cert-eu;rs`], early: [] };
  const until = isValid(one) ? one.embargoUntil : null;
  return { _id, envelope: one, admits: keys.admits, admitsEarly: keys.early, openFrom: until ?? new Date(0) };
}
