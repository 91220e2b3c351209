import type { Purpose } from '../../../schema/record/vocabulary.ts';

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

const csirtAnalyst = { number: 1, name: 'CSIRT analyst (Member State)' };
const communityOperator = { number: 28, name: 'community operator' };

/** The policy's role for each kind of reader, by its number. */
const roleOf: ReadonlyMap<number, string> = new Map([
  [1, 'csirt-analyst'],
  [2, 'single-point-of-contact'],
  [4, 'cyclone-officer'],
  [6, 'enisa-analyst'],
  [9, 'cert-eu-analyst'],
  [12, 'europol-analyst'],
  [13, 'police-officer'],
  [15, 'eeas-desk'],
  [16, 'council-delegate'],
  [17, 'milcert-analyst'],
  [23, 'private-user'],
  [26, 'joint-coordinator'],
  [28, 'community-operator'],
  [29, 'connector'],
  [30, 'exercise-director'],
  [31, 'policy-auditor'],
  [32, 'data-protection-officer'],
  [35, 'hub-administrator'],
]);

/** The fictional readers of the trial. */
export const readers: readonly TrialReader[] = [
  person('enisa-analyst', 'u-7f3a91c2d4e8', 'enisa', { number: 6, name: 'ENISA analyst' }, technical),
  person('cert-eu-analyst', 'u-19bd40e6a75c', 'cert-eu', { number: 9, name: 'CERT-EU analyst' }, technical),
  {
    ...person('europol-analyst', 'u-c2085fe91b37', 'europol', { number: 12, name: 'Europol EC3 analyst' }, [
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
  person('fr-csirt-analyst', 'u-5e6c27a0f18d', 'csirt-fr', csirtAnalyst, technical),
  person('pl-csirt-analyst', 'u-84d13b9f60ca', 'csirt-pl', csirtAnalyst, technical),
  person(
    'de-police-officer',
    'u-e0f7524c8a16',
    'police-de',
    { number: 13, name: 'national unit or police officer' },
    policing,
  ),
  person(
    'private-partner',
    'u-3a9cb8d715e4',
    'nordsee-energy',
    { number: 23, name: 'private partner as user' },
    ['incident-response', 'vulnerability-handling'],
  ),
  person('policy-auditor', 'u-b6402ed93f7a', 'audit-office', { number: 31, name: 'policy auditor' }, [
    'audit',
  ]),
  person(
    'data-protection-officer',
    'u-2c9e71d60ab4',
    'jcu-office',
    { number: 32, name: 'data protection officer' },
    ['data-protection'],
  ),
  person('hub-administrator', 'u-0d5f8e71c49b', 'jcu-office', { number: 35, name: 'hub administrator' }, []),
  operator('enisa', 'u-f21a6b0d97c5', ['incident-response', 'vulnerability-handling', 'exercise']),
  operator('cert-eu', 'u-68c4e93d1fa0', ['incident-response', 'vulnerability-handling', 'exercise']),
  operator('europol', 'u-97be05f42d6c', policing),
  operator('eeas', 'u-3b70f5a9c218', ['diplomatic-response', 'situational-awareness', 'exercise']),
  operator('defence', 'u-d1846ce20b9f', ['cyber-defence', 'mutual-assistance', 'exercise']),
  operator('joint-unit', 'u-50a7e3f8b64d', crisis),
  person('eeas-analyst', 'u-91cc07d5e32a', 'eeas', { number: 15, name: 'EEAS cyber desk' }, [
    'diplomatic-response',
    'situational-awareness',
    'exercise',
  ]),
  person(
    'nl-delegate',
    'u-c73e8a1f06d4',
    'mfa-nl',
    { number: 16, name: 'delegate in the Horizontal Working Party' },
    ['diplomatic-response'],
  ),
  person('ee-milcert-analyst', 'u-26f9d4b0e781', 'milcert-ee', { number: 17, name: 'milCERT analyst' }, [
    'cyber-defence',
    'incident-response',
    'mutual-assistance',
    'exercise',
  ]),
  person(
    'it-cyclone-officer',
    'u-eb5508c3f197',
    'crisis-it',
    { number: 4, name: 'EU-CyCLONe officer' },
    crisis,
  ),
  person(
    'fr-contact-point',
    'u-7a12b9de40c6',
    'csirt-fr',
    { number: 2, name: 'single point of contact' },
    crisis,
  ),
  person(
    'joint-coordinator',
    'u-0c94e7ab23f8',
    'joint-unit',
    { number: 26, name: 'joint coordinator' },
    crisis,
  ),
  {
    ...person('connector', 'm-41d8a7c05be2', 'cert-eu', { number: 29, name: 'connector (machine)' }, [
      'incident-response',
      'threat-analysis',
    ]),
    client: 'machine',
  },
  person('exercise-director', 'u-ad390c7e52f6', 'jcu-office', { number: 30, name: 'exercise director' }, [
    'exercise',
  ]),
];

function operator(community: string, subject: string, purposes: readonly Purpose[]): TrialReader {
  return person(`${community}-operator`, subject, community, communityOperator, purposes);
}

function person(
  as: string,
  subject: string,
  organisation: string,
  kind: TrialReader['kind'],
  purposes: readonly Purpose[],
): TrialReader {
  const roles = [roleOf.get(kind.number)].filter((role) => role !== undefined);
  return { as, subject, client: 'interactive', organisation, roles, purposes, kind };
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
