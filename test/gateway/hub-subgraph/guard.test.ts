import { expect, test } from '@jest/globals';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../schema/policy/decide/load.ts';
import { readerOf } from '../../helpers/records.ts';
import { askHubSubgraph } from './ask-hub-subgraph.ts';

const policy = readPolicy();
const texts = readPolicyTexts();

const questions = [
  '{ policy { version } }',
  '{ decision(correlationId: "c-1") { at } }',
  '{ accessPerson(correlationId: "c-1", inquiry: "E-1") { subject } }',
  '{ disclosures { nodes { id } } }',
  '{ ownReads { nodes { at } } }',
];

test.each(questions)('refuses in the hub’s own subgraph before any store is read: %s', async (query) => {
  for (const roles of [[], ['private-user'], ['hub-administrator'], ['exercise-director']]) {
    const { data, ...noted } = await askHubSubgraph(readerOf({ roles }), query);
    expect(Object.values(data ?? {})).toEqual([null]);
    expect(noted).toEqual({ errorCodes: ['REFUSED'], failedSubgraphs: [], disclosed: [] });
  }
});

test('hides readers from policy auditors, and the policy from inspectors', async () => {
  const auditor = await askHubSubgraph(readerOf({ roles: ['policy-auditor'] }), questions[2] ?? '');
  expect(auditor).toMatchObject({ data: { accessPerson: null }, errorCodes: ['REFUSED'] });
  const inspector = await askHubSubgraph(
    readerOf({ roles: ['data-protection-officer'] }),
    questions[0] ?? '',
  );
  expect(inspector).toMatchObject({ data: { policy: null }, errorCodes: ['REFUSED'] });
});

test('separates the fields of operators from those of auditors and inspectors', async () => {
  for (const question of questions.slice(0, 4))
    expect(await askHubSubgraph(readerOf({ roles: ['community-operator'] }), question)).toMatchObject({
      errorCodes: ['REFUSED'],
      failedSubgraphs: [],
    });
  for (const role of ['policy-auditor', 'data-protection-officer', 'external-auditor'])
    expect(await askHubSubgraph(readerOf({ roles: [role] }), questions[4] ?? '')).toMatchObject({
      data: { ownReads: null },
      errorCodes: ['REFUSED'],
      failedSubgraphs: [],
    });
});

test('returns the policy to an auditor, and records the disclosure', async () => {
  const { data, errorCodes, disclosed } = await askHubSubgraph(
    readerOf({ roles: ['policy-auditor'], organisation: 'audit-office' }),
    questions[0] ?? '',
  );
  expect(data).toEqual({ policy: { version: policy.version } });
  expect(errorCodes).toEqual([]);
  expect(disclosed).toMatchObject([
    {
      community: 'hub',
      type: 'Policy',
      id: `Policy:${policy.version}`,
      tlp: 'AMBER',
      audience: ['audit-office'],
    },
  ]);
});

test('refuses a field that the policy of the request does not name to all readers', async () => {
  const without = policyOfTexts({
    ...texts,
    'coordinates.yaml': (texts['coordinates.yaml'] ?? '').replace('        - memberStates\n', ''),
  });
  const query = '{ memberStates { code } }';
  expect(await askHubSubgraph(readerOf(), query)).toMatchObject({ errorCodes: [] });
  expect(await askHubSubgraph(readerOf(), query, { policy: without })).toMatchObject({
    data: { memberStates: null },
    errorCodes: ['REFUSED'],
  });
});
