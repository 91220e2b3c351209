import { expect, test } from '@jest/globals';
import { readPolicy } from '../../../../schema/policy/decide/load.ts';
import { findAction } from '../../../../schema/policy/explain/question.ts';
import { show } from '../../../../schema/policy/explain/show.ts';
import { who } from '../../../../schema/policy/explain/who.ts';

const policy = readPolicy();

test('shows a coordinate with its kind, its group and every rule that covers it', () => {
  const shown = show(policy, 'NotificationFile.entityName');
  expect(shown).toMatchObject({
    kinds: ['NotificationFile'],
    group: 'entity-name',
    announced: false,
    besides: 'content',
  });
  const read = shown.actions.find(({ action }) => action === 'read');
  expect(read?.rules.map(({ rule }) => rule.id)).toEqual(['J17', 'J01', 'J01a', 'J10', 'J29a', 'J31']);
  expect(read?.rules[0]?.text).toBe(
    'state-authorities, being of its Member State, may read, search and change content and entity-name of ' +
      'NotificationFile when its TLP is CLEAR, GREEN, AMBER or AMBER_STRICT, and its list of further restrictions ' +
      "is none. Reason: A Member State's CSIRT, competent authority and single point of contact may read and " +
      "change that state's NIS2 files. Source: Directive (EU) 2022/2555, Article 23",
  );
});

test('formats handling codes as the author of the rule wrote them', () => {
  const texts = show(policy, 'Contribution.crimeArea').actions.flatMap(({ rules }) =>
    rules.map(({ text }) => text),
  );
  expect(texts.some((text) => text.includes('it has no handling code except H0'))).toBe(true);
  expect(texts.some((text) => text.includes('it has the handling code H3'))).toBe(true);
});

test('shows a part that any record can contain for every kind', () => {
  const shown = show(policy, 'Envelope.audience');
  expect(shown.kinds).toContain('Advisory');
  expect(shown.kinds).not.toContain('Hub');
  expect(shown.group).toBe('audience');
});

test('rejects an unknown coordinate and suggests similar names', () => {
  expect(() => show(policy, 'NotificationFile.entityNames')).toThrow(/NotificationFile\.entityName\b/);
  expect(() => show(policy, 'Incident.title')).toThrow(/no coordinate Incident\.title; did you mean/);
  expect(() => show(policy, 'Advisory')).toThrow(/expected Type\.field/);
  expect(() => findAction('eat')).toThrow(/no action eat; did you mean read/);
  expect(() => show(policy, '__proto__.constructor')).toThrow(/no coordinate __proto__/);
});

test('lists the roles that each permission gives access, and the roles that never have it', () => {
  const name = who(policy, 'read', 'NotificationFile.entityName');
  expect(name.can.map(({ rule, roles }) => [rule.id, roles])).toEqual([
    ['J17', ['csirt-analyst', 'single-point-of-contact', 'supervisor']],
  ]);
  expect(name.never).toContain('enisa-analyst');
  expect(name.withoutRole).toBe(false);
});

test('never lists auditors and administrators as readers of content, even if a rule is for anyone', () => {
  const title = who(policy, 'read', 'Advisory.title');
  expect(title.never).toEqual(['policy-auditor', 'hub-administrator', 'log-keeper']);
  expect(title.withoutRole).toBe(true);
});

test('lists no reader if an action is prohibited to all', () => {
  const persons = who(policy, 'read', 'Contribution.dataSubjectCategories');
  expect(persons.can).toEqual([]);
  expect(persons.never).toHaveLength(Object.keys(policy.source.domain.roles).length);
  expect(persons.except.map(({ id }) => id)).toContain('J16');
});

test('agrees with the decision of the hub for a reader with one role', () => {
  for (const type of policy.coordinates.types)
    for (const field of policy.coordinates.fieldsOf(type).keys()) {
      const action = policy.coordinates.placeOf(type, field)?.action ?? 'read';
      const { never } = who(policy, action, `${type}.${field}`);
      for (const role of never) {
        const one = { ...plain, roles: [role] };
        expect([role, type, field, policy.mayUse(one, type, field)]).toEqual([role, type, field, false]);
      }
    }
});

const plain = {
  subject: 'u-1',
  organisation: 'csirt-fr',
  communities: ['cyber-defence'],
  memberState: 'FR',
  sharingGroups: [],
  onwardShares: [],
  grants: [],
  agreements: [],
  offices: [],
  client: 'person',
  purpose: 'criminal-investigation',
  picture: 'real',
  onScreen: true,
} as const;
