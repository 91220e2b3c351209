import { expect, test } from '@jest/globals';
import { readerOf } from '../../helpers/records.ts';
import { askHubSubgraph } from './ask-hub-subgraph.ts';

const auditor = readerOf({ organisation: 'audit-office', roles: ['policy-auditor'] });

/** Repeats a field under different aliases. */
const many = (count: number, field: string) =>
  Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ');

test.each(['rules { id }', 'coordinates', 'coordinate(name: "Query.policy") { group }'])(
  'allows 20 policy questions in one operation, aliases included: %s',
  async (field) => {
    expect((await askHubSubgraph(auditor, `{ policy { ${many(19, field)} } }`)).errorCodes).toEqual([]);
    expect((await askHubSubgraph(auditor, `{ policy { ${many(20, field)} } }`)).errorCodes).toEqual([
      'OPERATION_TOO_LARGE',
    ]);
  },
);

test('counts `who` and `policy` as questions', async () => {
  const field = 'who(action: READ, coordinate: "Query.policy") { withoutRole }';
  expect((await askHubSubgraph(auditor, `{ policy { ${many(20, field)} } }`)).errorCodes).toEqual([
    'OPERATION_TOO_LARGE',
  ]);
  expect((await askHubSubgraph(auditor, `{ ${many(20, 'policy { version }')} }`)).errorCodes).toEqual([]);
  const { errorCodes, disclosed } = await askHubSubgraph(auditor, `{ ${many(21, 'policy { version }')} }`);
  expect(errorCodes).toEqual(['OPERATION_TOO_LARGE']);
  expect(disclosed).toHaveLength(20);
});

test.each([
  ['policy-auditor', 'decision(correlationId: "c") { at }'],
  ['policy-auditor', 'disclosures { nodes { id } }'],
  ['edps', 'accessPerson(correlationId: "c", inquiry: "E-1") { subject }'],
  ['community-operator', 'ownReads { nodes { at } }'],
])('reads the log at most 20 times in one operation: as %s, %s', async (role, field) => {
  let reads = 0;
  const counted =
    <Found>(found: Found) =>
    async () => {
      reads += 1;
      return await Promise.resolve(found);
    };
  const log = { find: counted(null), page: counted({ entries: [], next: null }) };
  const reader = readerOf({ organisation: 'enisa', roles: [role] });
  const { errorCodes } = await askHubSubgraph(reader, `{ ${many(40, field)} }`, { log });
  expect(errorCodes).toEqual(['OPERATION_TOO_LARGE']);
  expect(reads).toBe(20);
});
