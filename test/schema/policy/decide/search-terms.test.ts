import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { conjoin } from '../../../../schema/policy/decide/search-terms.ts';
import { purposes } from '../../../../schema/record/vocabulary.ts';
import { audienceOf, envelopeOf, markingOf } from '../../../helpers/records.ts';
import { policy } from '../../../helpers/policy.ts';

/** The definition: every combination of one key of each set, without combinations that contain a shorter one. */
function conjoinAll(sets: readonly (readonly string[])[]): readonly string[] {
  const all = sets.reduce<readonly (readonly string[])[]>(
    (terms, keys) =>
      terms.flatMap((term) =>
        term.some((key) => keys.includes(key)) ? [term] : keys.map((key) => [...term, key]),
      ),
    [[]],
  );
  const short = all.filter(({ length }) => length > 0 && length <= 2);
  const single = new Set(short.flatMap((term) => (term.length === 1 ? term : [])));
  const needed = short.filter((term) => term.length === 1 || !term.some((key) => single.has(key)));
  return [...new Set(needed.map((keys) => keys.toSorted().join('\n')))];
}

test('finds the terms of the definition for every few sets of keys', () => {
  const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 4 }), (sets) => {
      expect(conjoin(sets).toSorted()).toEqual(conjoinAll(sets).toSorted());
    }),
    { numRuns: 3000 },
  );
});

const named = (prefix: string, size: number) => Array.from({ length: size }, (_, at) => `${prefix}${at}`);

test('keeps pairs of keys up to the maximum, and only keys of all sets above it', () => {
  const [ones, others] = [named('a', 100), named('b', 100)];
  expect(conjoin([ones, others])).toHaveLength(10_000);
  expect(conjoin([ones, [...others, 'b']])).toEqual([]);
  expect(
    conjoin([
      [...ones, 'both'],
      ['both', ...others, 'b'],
    ]),
  ).toEqual(['both']);
});

test('bounds the terms of a record whose audiences are very long', () => {
  const sharingGroups = named('g', 2000);
  const marking = markingOf({ tlp: 'AMBER' });
  const portion = {
    path: 'kind',
    marking,
    audience: audienceOf({ sharingGroups: sharingGroups.slice(1000) }),
  };
  const audience = audienceOf({ sharingGroups });
  const record = envelopeOf({ marking, audience, purposes, portions: [portion] });
  const { open = [] } = policy.searchTerms(record, 'ThreatProduct', 'kind', new Set(['kind'])) ?? {};
  expect(open.length).toBeGreaterThan(1000);
  expect(open.length).toBeLessThan(20_000);
  expect(open.every((term) => !term.includes('g999+'))).toBe(true);
});
