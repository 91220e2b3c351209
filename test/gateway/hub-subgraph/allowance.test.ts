import { expect, test } from '@jest/globals';
import { readerOf } from '../../helpers/records.ts';
import { askPart } from './ask-part.ts';

const auditor = readerOf({ organisation: 'audit-office', roles: ['policy-auditor'] });

/** As many of one field, by aliases. */
const many = (count: number, field: string) =>
  Array.from({ length: count }, (_, n) => `a${n}: ${field}`).join(' ');

test.each(['rules { id }', 'coordinates', 'coordinate(name: "Query.policy") { group }'])(
  'one operation puts 20 questions to the policy and no more, by whatever name: %s',
  async (field) => {
    expect((await askPart(auditor, `{ policy { ${many(19, field)} } }`)).told).toEqual([]);
    expect((await askPart(auditor, `{ policy { ${many(20, field)} } }`)).told).toEqual([
      'OPERATION_TOO_LARGE',
    ]);
  },
);

test('who can is such a question, and so is the policy itself', async () => {
  const field = 'who(action: READ, coordinate: "Query.policy") { withoutRole }';
  expect((await askPart(auditor, `{ policy { ${many(20, field)} } }`)).told).toEqual(['OPERATION_TOO_LARGE']);
  expect((await askPart(auditor, `{ ${many(20, 'policy { version }')} }`)).told).toEqual([]);
  const { told, disclosed } = await askPart(auditor, `{ ${many(21, 'policy { version }')} }`);
  expect(told).toEqual(['OPERATION_TOO_LARGE']);
  expect(disclosed).toHaveLength(20);
});

test.each([
  ['policy-auditor', 'decision(correlationId: "c") { at }'],
  ['policy-auditor', 'disclosures { nodes { id } }'],
  ['edps', 'accessPerson(correlationId: "c", inquiry: "E-1") { subject }'],
  ['community-operator', 'ownReads { nodes { at } }'],
])('the log is read 20 times for one operation and no more: as %s, %s', async (role, field) => {
  let reads = 0;
  const counted =
    <Found>(found: Found) =>
    async () => {
      reads += 1;
      return await Promise.resolve(found);
    };
  const log = { find: counted(null), page: counted({ entries: [], next: null }) };
  const reader = readerOf({ organisation: 'enisa', roles: [role] });
  const { told } = await askPart(reader, `{ ${many(40, field)} }`, { log });
  expect(told).toEqual(['OPERATION_TOO_LARGE']);
  expect(reads).toBe(20);
});
