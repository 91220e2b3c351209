import { expect, test } from '@jest/globals';
import { hash } from 'node:crypto';
import { parts } from '../../../../docker/trial/parts.ts';
import { derivation } from '../../../../subgraphs/serve/store/derive.ts';

test('a new filter by a field that records already have comes with a new number of `derivation`', () => {
  const filters = Object.values(parts).flatMap(({ kinds }) => kinds.map((kind) => [kind.type, kind.filters]));
  const found = hash('sha256', JSON.stringify(filters), 'hex').slice(0, 16);
  // If this fails: stored records do not have the value of the new filter. Unless its field is new too, increase
  // `derivation` in subgraphs/serve/store/derive.ts. Then write the new number and hash here.
  expect([derivation, found]).toEqual([4, 'aa0cbb7935a80990']);
});

test('a new field of a search that records already have comes with a new number of `derivation`', () => {
  const fields = Object.values(parts)
    .flatMap(({ kinds }) => kinds)
    .map(({ type, search }) => [type, [...(search?.texts ?? [])], [...(search?.naming ?? [])]]);
  const found = hash('sha256', JSON.stringify(fields), 'hex').slice(0, 16);
  // If this fails: stored records do not have the words of the new field. Do as above.
  expect([derivation, found]).toEqual([4, '9ec25dd21fec2a88']);
});
