import { expect, test } from '@jest/globals';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { notePlaces, placesOfErrors, placesOfQuery } from '../../../gateway/dispatch/error-places.ts';

const entities = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Vulnerability { __typename families: ransomwareFamilies { nodes { name } } ...M } } }
  fragment M on Vulnerability { mispEvents { nodes { id } } }`;

const atRoot = { root: [], entities: new Map() };

/** The answer joins the entities of `_entities` at a place. */
function entitiesAt(...place: readonly string[]) {
  return { root: [], entities: new Map([['_entities', [place]]]) };
}

test('finds the fields of a query at the root, and those of entities where they are joined', () => {
  expect(placesOfQuery('{ a: advisories { nodes { id } } __typename }', atRoot)).toEqual([['a']]);
  expect(placesOfQuery(entities, entitiesAt('advisories', 'nodes', '@', 'vulnerabilities', '@'))).toEqual([
    ['advisories', 'nodes', '@', 'vulnerabilities', '@', 'families'],
    ['advisories', 'nodes', '@', 'vulnerabilities', '@', 'mispEvents'],
  ]);
});

test('moves the path of a subgraph’s error to the reader’s operation', () => {
  expect(
    placesOfErrors('{ advisories { nodes { title } } }', atRoot)(['advisories', 'nodes', 3, 'title']),
  ).toEqual([['advisories', 'nodes', '@', 'title']]);
  expect(placesOfErrors(entities, entitiesAt('v'))(['_entities', 7, 'families', 'nodes'])).toEqual([
    ['v', 'families', 'nodes'],
  ]);
});

test.each([undefined, null, 'x', {}, [], ['_entities'], ['_entities', 7]])(
  'takes all fields of the query as missing for the error path %j',
  (path) => {
    expect(placesOfErrors(entities, entitiesAt('v'))(path)).toEqual([
      ['v', 'families'],
      ['v', 'mispEvents'],
    ]);
  },
);

test('bounds what a subgraph can add by its errors', () => {
  const long = Array.from({ length: 10_000 }, () => 'k');
  expect(placesOfErrors(entities, atRoot)(long)[0]).toHaveLength(64);
  expect(placesOfErrors(entities, atRoot)([{ toString: 1 }, 'k'])).toEqual([['@', 'k']]);
  const collected = createCollected();
  for (let error = 0; error < 300; error += 1) notePlaces(collected, 'enisa', [['k']]);
  expect(collected.places.get('enisa')).toHaveLength(100);
});
