import { expect, test } from '@jest/globals';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { notePlaces, placeOfError, placesOfQuery } from '../../../gateway/dispatch/error-places.ts';

const entities = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Vulnerability { __typename families: ransomwareFamilies { nodes { name } } ...M } } }
  fragment M on Vulnerability { mispEvents { nodes { id } } }`;

test('finds the fields of a query at the root, and those of entities where they are joined', () => {
  expect(placesOfQuery('{ a: advisories { nodes { id } } __typename }', undefined)).toEqual([['a']]);
  expect(placesOfQuery(entities, ['advisories', 'nodes', '@', 'vulnerabilities', 0])).toEqual([
    ['advisories', 'nodes', '@', 'vulnerabilities', '@', 'families'],
    ['advisories', 'nodes', '@', 'vulnerabilities', '@', 'mispEvents'],
  ]);
});

test('moves the path of a subgraph’s error to the reader’s operation', () => {
  expect(placeOfError(['advisories', 'nodes', 3, 'title'], [])).toEqual([
    'advisories',
    'nodes',
    '@',
    'title',
  ]);
  expect(placeOfError(['_entities', 7, 'families', 'nodes'], ['v'])).toEqual(['v', 'families', 'nodes']);
  for (const none of [undefined, null, 'x', {}, []]) expect(placeOfError(none, ['v'])).toBeNull();
});

test('bounds what a subgraph can add by its errors', () => {
  const long = Array.from({ length: 10_000 }, () => 'k');
  expect(placeOfError(long, [])).toHaveLength(64);
  expect(placeOfError([{ toString: 1 }, 'k'], [])).toEqual(['@', 'k']);
  const collected = createCollected();
  for (let error = 0; error < 300; error += 1) notePlaces(collected, 'enisa', [['k']]);
  expect(collected.places.get('enisa')).toHaveLength(100);
});
