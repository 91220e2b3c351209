import { expect, test } from '@jest/globals';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import { workflowsOf } from '../../../schema/workflow/served.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';

/** The rules of the baseline on the moves of workflows. */

function mayDo(reader: Reader, action: Action, kind: string, envelope: Envelope): boolean {
  return policy.may(policy.accessOf(reader, new Date()), action, kind, 'content', envelope);
}

test('J26 allows police and response teams to make moves on a deconfliction hold, and nobody to write its state', () => {
  const hold = envelopeOf({
    originator: 'europol',
    marking: markingOf({ tlp: 'AMBER_STRICT' }),
    audience: audienceOf({ organisations: ['csirt-fr'] }),
  });
  const analyst = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'DeconflictionHold', hold)).toBe(true);
  expect(mayDo(analyst, 'change', 'DeconflictionHold', hold)).toBe(false);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'DeconflictionHold', hold)).toBe(false);
  expect(mayDo(readerOf({ roles: ['private-user'] }), 'move', 'DeconflictionHold', hold)).toBe(false);
});

test('J35g allows the persons of the asker and of the originator to move a release request', () => {
  const request = envelopeOf({
    originator: 'csirt-fr',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-fr', 'csirt-de'] }),
  });
  const analyst = readerOf({ organisation: 'csirt-fr', roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'ReleaseRequest', request)).toBe(true);
  expect(mayDo({ ...analyst, organisation: 'csirt-de' }, 'move', 'ReleaseRequest', request)).toBe(true);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'ReleaseRequest', request)).toBe(false);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'ReleaseRequest', request)).toBe(false);
  expect(mayDo({ ...analyst, roles: ['external-auditor'] }, 'move', 'ReleaseRequest', request)).toBe(false);
});

test('J35h allows the persons of the obliged organisation and of its recipients to move a duty to notify', () => {
  const duty = envelopeOf({
    originator: 'csirt-fr',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-fr', 'csirt-de'] }),
  });
  const analyst = readerOf({ organisation: 'csirt-fr', roles: ['csirt-analyst'] });
  const recipient = { ...analyst, organisation: 'csirt-de' };
  expect(mayDo(analyst, 'move', 'NotificationDuty', duty)).toBe(true);
  expect(mayDo(recipient, 'move', 'NotificationDuty', duty)).toBe(true);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'NotificationDuty', duty)).toBe(false);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'NotificationDuty', duty)).toBe(false);
  expect(mayDo({ ...analyst, roles: ['external-auditor'] }, 'move', 'NotificationDuty', duty)).toBe(false);
  // Only the originator opens it to a recipient.
  expect(mayDo(analyst, 'release', 'NotificationDuty', duty)).toBe(true);
  expect(mayDo(recipient, 'release', 'NotificationDuty', duty)).toBe(false);
});

test('J22c allows the persons of recipients to record a posture, whatever the declaration says of them further', () => {
  const posture = envelopeOf({
    originator: 'enisa',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['enisa', 'csirt-fr'] }),
  });
  const secretariat = readerOf({ organisation: 'enisa', roles: ['network-secretariat'] });
  expect(mayDo(secretariat, 'move', 'Posture', posture)).toBe(true);
  expect(mayDo({ ...secretariat, client: 'machine' }, 'move', 'Posture', posture)).toBe(false);
  expect(mayDo({ ...secretariat, organisation: 'csirt-pl' }, 'move', 'Posture', posture)).toBe(false);
  expect(mayDo({ ...secretariat, roles: ['external-auditor'] }, 'move', 'Posture', posture)).toBe(false);
});

test('J35e allows the persons of the originator and of the recipients to make the moves of a recall', () => {
  const recall = envelopeOf({
    originator: 'cert-eu',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['cert-eu', 'csirt-fr'] }),
  });
  const analyst = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'Recall', recall)).toBe(true);
  expect(mayDo({ ...analyst, organisation: 'cert-eu' }, 'move', 'Recall', recall)).toBe(true);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'Recall', recall)).toBe(false);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'Recall', recall)).toBe(false);
  expect(mayDo({ ...analyst, roles: ['external-auditor'] }, 'move', 'Recall', recall)).toBe(false);
});

test('J35f allows the readers of a run to make its moves, and J36a nobody to open it further', () => {
  const run = envelopeOf({
    originator: 'cert-eu',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['cert-eu', 'csirt-fr'] }),
  });
  const analyst = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'ProcedureRun', run)).toBe(true);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'ProcedureRun', run)).toBe(false);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'ProcedureRun', run)).toBe(false);
  const starter = { ...analyst, organisation: 'cert-eu' };
  expect(mayDo(starter, 'mark-up', 'ProcedureRun', run)).toBe(true);
  for (const action of ['mark-down', 'release'] as const) {
    expect(mayDo(starter, action, 'ProcedureRun', run)).toBe(false);
    expect(mayDo(starter, action, 'Procedure', run)).toBe(true);
  }
});

test('J35 allows the persons of a request to make its moves, and J36 no auditor or administrator', () => {
  const asked = envelopeOf({
    originator: 'cert-eu',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ organisations: ['csirt-fr'] }),
  });
  const analyst = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'InformationRequest', asked)).toBe(true);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'InformationRequest', asked)).toBe(false);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'InformationRequest', asked)).toBe(false);
  for (const role of [
    'policy-auditor',
    'data-protection-officer',
    'edps',
    'external-auditor',
    'hub-administrator',
  ])
    expect(mayDo(readerOf({ roles: ['csirt-analyst', role] }), 'move', 'InformationRequest', asked)).toBe(
      false,
    );
});

const running = communities.flatMap((community) => [...workflowsOf(community).keys()]);
const withoutMoves = policy.source.domain.readers['without-moves']?.roles ?? [];

test.each(running)(
  'J36 keeps every role without moves out of each move on %s, also the originator’s',
  (kind) => {
    const record = envelopeOf({
      originator: 'cert-eu',
      custodian: 'cert-eu',
      marking: markingOf({ tlp: 'GREEN' }),
      audience: audienceOf({ organisations: ['cert-eu'] }),
    });
    expect(withoutMoves).toHaveLength(6);
    for (const role of withoutMoves) {
      const reader = readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst', 'csirt-analyst', role] });
      expect([role, mayDo(reader, 'move', kind, record)]).toEqual([role, false]);
      expect([role, mayDo({ ...reader, client: 'machine' }, 'move', kind, record)]).toEqual([role, false]);
    }
  },
);

test('J23b allows the persons whom the marking of a team names to book its members, and nobody else', () => {
  const team = envelopeOf({
    originator: 'joint-unit',
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }),
  });
  const analyst = readerOf({ roles: ['csirt-analyst'] });
  expect(mayDo(analyst, 'move', 'ResponseTeam', team)).toBe(true);
  expect(mayDo(analyst, 'change', 'ResponseTeam', team)).toBe(false);
  expect(mayDo({ ...analyst, client: 'machine' }, 'move', 'ResponseTeam', team)).toBe(false);
  expect(mayDo({ ...analyst, organisation: 'csirt-pl' }, 'move', 'ResponseTeam', team)).toBe(false);
});
