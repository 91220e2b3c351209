import { expect, test } from '@jest/globals';
import { toMembership } from '../../../gateway/registry/registry.ts';

const until = new Date('2026-12-31T00:00:00Z');
const member = {
  _id: 'u-1',
  organisation: 'csirt-fr',
  roles: ['csirt-analyst'],
  sharingGroups: ['g-1'],
  until: null,
};
const organisation = {
  _id: 'csirt-fr',
  name: 'CSIRT FR (EXERCISE)',
  kind: 'CSIRT',
  communities: ['cyber-defence'],
  memberState: 'FR',
};

test('joins member and organisation without the name of the organisation', () => {
  expect(toMembership(member, organisation, [], [], [])).toEqual({
    organisation: 'csirt-fr',
    communities: ['cyber-defence'],
    memberState: 'FR',
    roles: ['csirt-analyst'],
    sharingGroups: ['g-1'],
    onwardShares: [],
    grants: [],
    agreements: [],
    budget: undefined,
  });
});

test('returns shares, grants and agreements by their ids, with times in RFC 3339', () => {
  const share = { _id: 's-1', by: 'enisa', client: 'csirt-fr', need: 'protection', until };
  const grant = { _id: 'g-1', by: 'cert-eu', to: 'csirt-fr', until };
  const agreement = {
    _id: 'A-7',
    parties: ['csirt-fr', 'europol'],
    from: new Date(0),
    until,
    tlpCeiling: 'AMBER' as const,
    purposes: ['incident-response'] as const,
  };
  const joined = toMembership(member, organisation, [share], [grant], [agreement]);
  expect(joined).toMatchObject({
    onwardShares: [{ id: 's-1', by: 'enisa', until: '2026-12-31T00:00:00.000Z' }],
    grants: [{ id: 'g-1', by: 'cert-eu', until: '2026-12-31T00:00:00.000Z' }],
    agreements: [
      {
        id: 'A-7',
        until: '2026-12-31T00:00:00.000Z',
        tlpCeiling: 'AMBER',
        purposes: ['incident-response'],
      },
    ],
  });
  expect(JSON.stringify(joined)).not.toMatch(/protection|europol/);
});

test('returns the budget of an organisation as it is stored, without a check of its form', () => {
  const budget = { points: 'many' };
  expect(toMembership(member, { ...organisation, budget }, [], [], []).budget).toBe(budget);
});
