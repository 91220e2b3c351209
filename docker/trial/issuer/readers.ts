import type { Purpose } from '../../../schema/record/vocabulary.ts';
import { kindOfReader } from './kinds.ts';

export { organisations } from './organisations.ts';
export type { TrialOrganisation } from './organisations.ts';

/** A personnel clearance as the registry holds it; expiry and briefing are instants in UTC. */
export type Clearance = {
  readonly level: string;
  readonly authority: string;
  readonly validUntil: string;
  readonly briefedAt: string;
};

/** One of the trial's readers. All of them are fictional: no subject is a real person. */
export type TrialReader = {
  /** The name for `hub token --as` and for the login. */
  readonly as: string;
  /** The reader's id in tokens and in the audit log: opaque, never reused. */
  readonly subject: string;
  /** `interactive` logs in with a browser or the command line; `machine` has client credentials only. */
  readonly client: 'interactive' | 'machine';
  readonly organisation: string;
  readonly roles: readonly string[];
  /** The purposes that the reader may state, one for each token. */
  readonly purposes: readonly Purpose[];
  /** Number and name in the list of 36 kinds of reader. */
  readonly kind: { readonly number: number; readonly name: string };
  readonly clearance?: Clearance;
};

const technical: readonly Purpose[] = [
  'incident-response',
  'vulnerability-handling',
  'threat-analysis',
  'situational-awareness',
  'exercise',
];
const crisis: readonly Purpose[] = [
  'crisis-coordination',
  'incident-response',
  'situational-awareness',
  'exercise',
];
const policing: readonly Purpose[] = ['crime-prevention', 'criminal-investigation', 'exercise'];

const diplomacy: readonly Purpose[] = ['diplomatic-response', 'situational-awareness', 'exercise'];
const military: readonly Purpose[] = ['cyber-defence', 'incident-response', 'mutual-assistance', 'exercise'];
const assistance: readonly Purpose[] = ['mutual-assistance', 'incident-response', 'exercise'];

/** The fictional readers of the trial. Each kind of reader that makes a move in a workflow has at least one. */
export const readers: readonly TrialReader[] = [
  person('enisa-analyst', 'u-7f3a91c2d4e8', 'enisa', 6, technical),
  person('enisa-analyst-2', 'u-0351a532e94e', 'enisa', 6, technical),
  person('cert-eu-analyst', 'u-19bd40e6a75c', 'cert-eu', 9, technical),
  person('cert-eu-head', 'u-c78361712472', 'cert-eu', 9, [...technical, 'crisis-coordination']),
  {
    ...person('europol-analyst', 'u-c2085fe91b37', 'europol', 12, [
      ...policing,
      'threat-analysis',
      'situational-awareness',
    ]),
    clearance: {
      level: 'SECRET UE/EU SECRET',
      authority: 'National Security Authority (fictional)',
      validUntil: '2030-12-31T23:59:59Z',
      briefedAt: '2026-01-15T09:00:00Z',
    },
  },
  {
    ...person('europol-officer', 'u-3f79f43d956f', 'europol', 12, policing),
    kind: { number: 12, name: 'Europol officer for contributions' },
    roles: ['europol-officer'],
  },
  person('fr-csirt-analyst', 'u-5e6c27a0f18d', 'csirt-fr', 1, technical),
  person('fr-csirt-analyst-2', 'u-ccc8bb954dfa', 'csirt-fr', 1, technical),
  person('pl-csirt-analyst', 'u-84d13b9f60ca', 'csirt-pl', 1, technical),
  person('de-police-officer', 'u-e0f7524c8a16', 'police-de', 13, policing),
  person('de-police-officer-2', 'u-966a0ac71a61', 'police-de', 13, policing),
  person('eurojust-prosecutor', 'u-f5cb3087b20b', 'eurojust', 14, policing),
  person('private-partner', 'u-3a9cb8d715e4', 'nordsee-energy', 23, [
    'incident-response',
    'vulnerability-handling',
  ]),
  person('private-provider', 'u-fae1b58a0473', 'polder-intelligence', 22, ['threat-analysis', 'exercise']),
  person('reserve-provider', 'u-5a343602d685', 'leuchtfeuer-security', 24, assistance),
  person('policy-auditor', 'u-b6402ed93f7a', 'audit-office', 31, ['audit']),
  person('data-protection-officer', 'u-2c9e71d60ab4', 'jcu-office', 32, ['data-protection']),
  person('hub-administrator', 'u-0d5f8e71c49b', 'jcu-office', 35, []),
  operator('enisa', 'u-f21a6b0d97c5', ['incident-response', 'vulnerability-handling', 'exercise']),
  operator('cert-eu', 'u-68c4e93d1fa0', ['incident-response', 'vulnerability-handling', 'exercise']),
  operator('europol', 'u-97be05f42d6c', policing),
  operator('eeas', 'u-3b70f5a9c218', diplomacy),
  operator('defence', 'u-d1846ce20b9f', ['cyber-defence', 'mutual-assistance', 'exercise']),
  operator('joint-unit', 'u-50a7e3f8b64d', crisis),
  person('eeas-analyst', 'u-91cc07d5e32a', 'eeas', 15, diplomacy),
  person('nl-delegate', 'u-c73e8a1f06d4', 'mfa-nl', 16, ['diplomatic-response']),
  person('ee-milcert-analyst', 'u-26f9d4b0e781', 'milcert-ee', 17, military),
  person('lt-crrt-lead', 'u-9cbb00d5468d', 'crrt-lt', 18, military),
  person('lt-crrt-lead-2', 'u-a17da4951d5b', 'crrt-lt', 18, military),
  person('it-cyclone-officer', 'u-eb5508c3f197', 'crisis-it', 4, crisis),
  person('it-cyclone-executive', 'u-b3f44f710145', 'crisis-it', 5, crisis),
  person('nl-cyclone-executive', 'u-2c2ca386c829', 'crisis-nl', 5, crisis),
  person('fr-contact-point', 'u-7a12b9de40c6', 'csirt-fr', 2, crisis),
  person('pl-contact-point', 'u-b18e40c7d2f5', 'csirt-pl', 2, crisis),
  person('fr-supervisor', 'u-a9711e1f3a2c', 'authority-fr', 3, crisis),
  person('fr-supervisor-2', 'u-a3359a71d558', 'authority-fr', 3, crisis),
  person('network-secretariat', 'u-89259d32902d', 'enisa', 7, crisis),
  person('reserve-desk', 'u-8156ee890130', 'enisa', 8, [...assistance, 'crisis-coordination']),
  person('reserve-desk-2', 'u-fcddd5454285', 'enisa', 8, [...assistance, 'crisis-coordination']),
  person('reserve-desk-3', 'u-20c4d2b5f6e1', 'enisa', 8, [...assistance, 'crisis-coordination']),
  person('union-entity-officer', 'u-6878f2a53b8e', 'union-agency', 10, ['incident-response', 'exercise']),
  person('iicb-chair', 'u-1b4676cc31cd', 'iicb', 11, crisis),
  person('iicb-secretariat', 'u-1116fae33223', 'iicb', 11, crisis),
  person('commission-coordinator', 'u-199a45728110', 'commission', 19, crisis),
  person('council-secretariat', 'u-104bfbbedfb7', 'council', 20, [...crisis, 'diplomatic-response']),
  person('cyber-hub-analyst', 'u-b6d5727597f8', 'cyber-hub-north', 21, technical),
  person('no-liaison', 'u-171d461e5eab', 'cyber-centre-no', 25, assistance),
  person('joint-coordinator', 'u-0c94e7ab23f8', 'joint-unit', 26, crisis),
  person('joint-coordinator-2', 'u-413c30b21ee1', 'joint-unit', 26, crisis),
  onDuty('enisa', 'u-da55542b0e77'),
  onDuty('cert-eu', 'u-f8ee7b1be647'),
  onDuty('europol', 'u-13524b3d0444', policing),
  onDuty('defence', 'u-7d2e90b1c4fa', ['incident-response', 'cyber-defence', 'exercise']),
  onDuty('joint-unit', 'u-bc39c3b49a55'),
  onDuty('csirt-fr', 'u-6464bfdbeb2f'),
  onDuty('csirt-pl', 'u-d42efe962134'),
  onDuty('police-de', 'u-a616ca79ec0d', policing),
  {
    ...person('connector', 'm-41d8a7c05be2', 'cert-eu', 29, ['incident-response', 'threat-analysis']),
    client: 'machine',
  },
  person('exercise-director', 'u-ad390c7e52f6', 'jcu-office', 30, ['exercise']),
];

function operator(community: string, subject: string, purposes: readonly Purpose[]): TrialReader {
  return person(`${community}-operator`, subject, community, 28, purposes);
}

function onDuty(organisation: string, subject: string, purposes: readonly Purpose[] = crisis): TrialReader {
  return person(`${organisation}-duty-officer`, subject, organisation, 27, purposes);
}

function person(
  as: string,
  subject: string,
  organisation: string,
  number: number,
  purposes: readonly Purpose[],
): TrialReader {
  const { name, role } = kindOfReader(number);
  const kind = { number, name };
  return { as, subject, client: 'interactive', organisation, roles: [role], purposes, kind };
}

/** Returns the reader of that name, or undefined. */
export function findReader(as: string): TrialReader | undefined {
  return readers.find((reader) => reader.as === as);
}

/** Returns the reader with that subject, or undefined. */
export function findSubject(subject: string): TrialReader | undefined {
  return readers.find((reader) => reader.subject === subject);
}

/** Returns the OAuth client id of a machine reader. People share the public clients. */
export function machineClientId(reader: TrialReader): string {
  return `jcu-${reader.as}`;
}
