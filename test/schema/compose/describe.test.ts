import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { compose } from '../../../schema/compose/compose.ts';
import { findUndescribed } from '../../../schema/compose/describe.ts';

const described = `
  "The read operations."
  type Query {
    "Lists the advisories."
    advisories(
      "The number of edges to return."
      first: Int
      "Conditions on advisories."
      filter: AdvisoryFilter
    ): [Advisory]
  }
  "A security advisory."
  type Advisory {
    "The time of publication."
    publishedAt: DateTime
    "The TLP label."
    tlp: Tlp
  }
  "Conditions on advisories."
  input AdvisoryFilter {
    "The serial number."
    serial: String
  }
  "The TLP label."
  enum Tlp {
    "No limit."
    CLEAR
  }
  "An instant."
  scalar DateTime @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")
`;

test('reports nothing in a schema that is described throughout', () => {
  expect(findUndescribed(buildSchema(described))).toEqual([]);
});

test.each([
  ['"A security advisory."', 'Advisory: no description'],
  ['"Lists the advisories."', 'Query.advisories: no description'],
  ['"The number of edges to return."', 'Query.advisories(first:): no description'],
  ['"The serial number."', 'AdvisoryFilter.serial: no description'],
  ['"No limit."', 'Tlp.CLEAR: no description'],
  ['"An instant."', 'DateTime: no description'],
  ['@specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")', 'DateTime: no @specifiedBy'],
])('reports a schema without %s', (removed, finding) => {
  expect(findUndescribed(buildSchema(described.replace(removed, '')))).toEqual([finding]);
});

test('reports a blank description', () => {
  expect(findUndescribed(buildSchema(described.replace('"No limit."', '" "')))).toEqual([
    'Tlp.CLEAR: no description',
  ]);
});

test('reports nothing in the published schema', () => {
  expect(findUndescribed(buildSchema(compose()['published.graphql']))).toEqual([]);
});
