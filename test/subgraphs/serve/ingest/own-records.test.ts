import { expect, test } from '@jest/globals';
import { checkShape } from '../../../../subgraphs/serve/ingest/formats/check-shape.ts';
import { ownRecords, type OwnRecord } from '../../../../subgraphs/serve/ingest/own-records.ts';
import { kinds } from '../../../../subgraphs/defence/records.ts';
import { actorKey } from '../../../../schema/record/keys.ts';

const source = ownRecords('defence', kinds);
const good = {
  kind: 'DefenceAssessment',
  localId: 'exercise-1',
  marking: { tlp: 'GREEN' },
  content: { subject: { vulnerability: 'cve-2099-10001', actor: 'Paper Lantern' }, judgement: 'EXERCISE' },
};

const byName = (name: string) => actorKey({ name });

function take(record: unknown) {
  const raw = checkShape<OwnRecord>(record, source);
  return source.map(raw, { defaults: source.defaults, receivedAt: new Date(0), resolveActor: byName })[0];
}

test('lists a record in the hub’s own JSON under its normalised shared keys', () => {
  expect(take(good)).toMatchObject({
    kind: 'DefenceAssessment',
    content: {
      subject: { vulnerability: 'Vulnerability:CVE-2099-10001', actor: 'ThreatActor:name:paperlantern' },
    },
    names: ['Vulnerability:CVE-2099-10001', 'ThreatActor:name:paperlantern'],
    says: { marking: { tlp: 'GREEN' } },
  });
});

test('writes no join row for a key that only a marked portion names', () => {
  const portions = [{ path: 'subject', marking: { tlp: 'RED' } }];
  const also = { ...good.content, memberStatesConcerned: ['FR'] };
  expect(take({ ...good, content: also, portions })?.names).toEqual(['MemberState:FR']);
});

test('sorts a record by its time of receipt if its sort field is a marked portion', () => {
  const campaign = {
    ...good,
    kind: 'AttackCampaign',
    content: {
      attackId: 'C0001',
      stixId: 'campaign--1',
      name: 'EXERCISE',
      firstSeen: { utc: '2026-02-01T00:00:00Z' },
    },
  };
  expect(take(campaign)?.sortAt).toEqual(new Date('2026-02-01T00:00:00Z'));
  const portions = [{ path: 'firstSeen', marking: { tlp: 'RED' } }];
  expect(take({ ...campaign, portions })?.sortAt).toBeNull();
});

test.each([
  ['no marking', { ...good, marking: undefined }, 'marking: expected object, got nothing'],
  ['another community’s kind', { ...good, kind: 'Advisory' }, 'kind: expected one of AttackTechnique'],
  [
    'a missing member',
    { ...good, content: { subject: {} } },
    'content.: judgement: expected String!, got nothing',
  ],
  [
    'a member that is none',
    { ...good, content: { ...good.content, secret: 1 } },
    'unknown field: the schema does not',
  ],
  [
    'a wrong key',
    { ...good, content: { ...good.content, subject: { vulnerability: 'x' } } },
    'content.subject.vulnerability: expected a key of Vulnerability',
  ],
  [
    'a wrong time',
    { ...good, content: { ...good.content, validUntil: '2026-02-30T00:00:00Z' } },
    'content.validUntil: ',
  ],
  [
    'a part that there is not',
    { ...good, portions: [{ path: 'subjekt', marking: { tlp: 'RED' } }] },
    'portions: ',
  ],
  ['an erased one', { ...good, recordState: 'ERASED' }, 'recordState: '],
  [
    'a classification',
    { ...good, marking: { tlp: 'GREEN', classification: 'x' } },
    'marking: expected only members that the format has',
  ],
])('refuses %s and names its path, not its value', (_what, record, message) => {
  expect(() => take(record)).toThrow(message);
  expect(() => take(record)).not.toThrow('2026-02-30');
});
