import type { AuditFacts } from '../../../gateway/audit/entry.ts';
import type { DisclosedPortion, RecordedDisclosure } from '../../../schema/protocol/disclosure.ts';

/** EXERCISE: a disclosure of the project's own fiction. */
export function disclosure(over: Partial<RecordedDisclosure> = {}): RecordedDisclosure {
  return {
    community: 'cert-eu',
    type: 'Advisory',
    id: 'Advisory:q3Jr0cXoT1y2bV8kLw5zSg',
    version: 2,
    tlp: 'AMBER',
    pap: 'GREEN',
    handlingCodes: [],
    extraRestrictions: [],
    audience: ['cert-eu', 'enisa'],
    portions: [],
    ...over,
  };
}

/** EXERCISE: a portion of such a disclosure. */
export function portion(over: Partial<DisclosedPortion> = {}): DisclosedPortion {
  return { path: 'victims', tlp: 'RED', pap: 'GREEN', handlingCodes: [], extraRestrictions: [], ...over };
}

/** EXERCISE: an access of the project's own fiction, all of its people invented. */
export function facts(over: Partial<AuditFacts> = {}): AuditFacts {
  return {
    correlationId: '6f0f6a3e-7d0c-4f7e-9a43-3b6b8c1f2d10',
    at: new Date('2026-03-04T05:06:07.089Z'),
    reader: {
      subject: 'exercise-analyst-7',
      organisation: 'enisa',
      communities: ['cyber-defence'],
      memberState: null,
      roles: ['analyst'],
      sharingGroups: [],
      onwardShares: [],
      grants: [],
      agreements: [],
      offices: [],
      client: 'person',
      purpose: 'vulnerability-handling',
      picture: 'exercise-blue-harbour',
      onScreen: false,
    },
    token: { clientId: 'exercise-workbench', id: null },
    operation: {
      name: 'AdvisoriesOf',
      document:
        'query AdvisoriesOf($id: ID!) { vulnerability(id: $id) { advisories(first: 5) { totalCount } } }',
      variables: { id: 'CVE-2099-0001' },
    },
    policy: 'joint-baseline-1',
    disclosed: [disclosure()],
    refused: [],
    lost: [],
    fields: {
      given: ['Query.vulnerability', 'Vulnerability.advisories'],
      empty: ['AdvisoryConnection.totalCount'],
    },
    ...over,
  };
}
