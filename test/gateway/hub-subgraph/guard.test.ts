import { expect, test } from '@jest/globals';
import { policyOfTexts, readPolicy, readPolicyTexts } from '../../../schema/policy/decide/load.ts';
import { readerOf } from '../../helpers/records.ts';
import { askPart } from './ask-part.ts';

const policy = readPolicy();
const texts = readPolicyTexts();

const doors = [
  '{ policy { version } }',
  '{ decision(correlationId: "c-1") { at } }',
  '{ accessPerson(correlationId: "c-1", inquiry: "E-1") { subject } }',
  '{ disclosures { nodes { id } } }',
  '{ ownReads { nodes { at } } }',
];

test.each(doors)('the hub’s own part refuses by itself, before any store is asked: %s', async (query) => {
  for (const roles of [[], ['private-user'], ['hub-administrator'], ['exercise-director']]) {
    const { data, ...noted } = await askPart(readerOf({ roles }), query);
    expect(Object.values(data ?? {})).toEqual([null]);
    expect(noted).toEqual({ told: ['REFUSED'], lost: [], disclosed: [] });
  }
});

test('the policy’s auditors are not told who asked, and inspectors are not given the policy', async () => {
  const auditor = await askPart(readerOf({ roles: ['policy-auditor'] }), doors[2] ?? '');
  expect(auditor).toMatchObject({ data: { accessPerson: null }, told: ['REFUSED'] });
  const inspector = await askPart(readerOf({ roles: ['data-protection-officer'] }), doors[0] ?? '');
  expect(inspector).toMatchObject({ data: { policy: null }, told: ['REFUSED'] });
});

test('each sees its own side only: operators the reads of their records, auditors and inspectors none of those', async () => {
  for (const door of doors.slice(0, 4))
    expect(await askPart(readerOf({ roles: ['community-operator'] }), door)).toMatchObject({
      told: ['REFUSED'],
      lost: [],
    });
  for (const role of ['policy-auditor', 'data-protection-officer', 'external-auditor'])
    expect(await askPart(readerOf({ roles: [role] }), doors[4] ?? '')).toMatchObject({
      data: { ownReads: null },
      told: ['REFUSED'],
      lost: [],
    });
});

test('an auditor gets the policy, and that it was given stands among what was disclosed', async () => {
  const { data, told, disclosed } = await askPart(
    readerOf({ roles: ['policy-auditor'], organisation: 'audit-office' }),
    doors[0] ?? '',
  );
  expect(data).toEqual({ policy: { version: policy.version } });
  expect(told).toEqual([]);
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

test('a field that the policy of the request does not name is refused to all', async () => {
  const without = policyOfTexts({
    ...texts,
    'coordinates.yaml': (texts['coordinates.yaml'] ?? '').replace('        - memberStates\n', ''),
  });
  const query = '{ memberStates { code } }';
  expect(await askPart(readerOf(), query)).toMatchObject({ told: [] });
  expect(await askPart(readerOf(), query, { policy: without })).toMatchObject({
    data: { memberStates: null },
    told: ['REFUSED'],
  });
});
