import { expect, test } from '@jest/globals';
import { pruneAnswer } from '../../../gateway/dispatch/prune.ts';

const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Vulnerability { families: ransomwareFamilies { nodes { name } } } } }`;
const variables = { representations: [{ __typename: 'Vulnerability', id: 'Vulnerability:CVE-1' }] };

test('keeps requested data under its alias', () => {
  const answer = { _entities: [{ families: { nodes: [{ name: 'A' }, null] } }] };
  expect(pruneAnswer(answer, query, variables)).toEqual(answer);
});

test('removes data that was not requested, so that it cannot be merged', () => {
  const forged = {
    _entities: [
      {
        families: { nodes: [{ name: 'A', extra: 1 }] },
        advisories: { nodes: [{ title: { value: 'forged' } }] },
        id: 'Vulnerability:CVE-2',
      },
    ],
    vulnerability: { name: 'forged' },
  };
  expect(pruneAnswer(forged, query, variables)).toEqual({
    _entities: [{ families: { nodes: [{ name: 'A' }] } }],
  });
});

test('rejects a response of another shape', () => {
  const forms = [
    { _entities: [{ families: 'all' }] },
    { _entities: [{ families: { nodes: [{ name: { nested: true } }] } }] },
    { _entities: [] },
    { _entities: [null, null] },
    { _entities: 'none' },
  ];
  for (const form of forms) expect(() => pruneAnswer(form, query, variables)).toThrow(/expected/);
});
