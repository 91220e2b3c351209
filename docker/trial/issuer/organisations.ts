/** An organisation of the trial's registry: an originator, custodian, provider or a reader's organisation. */
export type TrialOrganisation = {
  readonly id: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  /** TLP communities in which it is registered: GREEN is for these only (TLP 2.0). */
  readonly communities: readonly string[];
  /** ISO 3166-1 alpha-2 of the Member State, null for Union bodies, third states and companies elsewhere. */
  readonly memberState: string | null;
  /** A NIS2 sector, or `union-entity`, `other`. */
  readonly sector: string;
};

type OrganisationKind =
  | 'union-entity'
  | 'network'
  | 'csirt'
  | 'police'
  | 'company'
  | 'project'
  | 'third-state-authority'
  | 'auditor'
  | 'office';

const cyberDefence = ['cyber-defence'] as const;
const police = ['cyber-defence', 'law-enforcement'] as const;

/**
 * The organisations of the trial. Public bodies and data providers have their public names, because public records name
 * them. Their participation, and every organisation marked as fictional, is invented for this exercise.
 */
export const organisations: readonly TrialOrganisation[] = [
  unionEntity('enisa', 'European Union Agency for Cybersecurity (ENISA)', cyberDefence),
  unionEntity(
    'cert-eu',
    'Cybersecurity Service for the Union institutions, bodies, offices and agencies (CERT-EU)',
    cyberDefence,
  ),
  unionEntity('europol', 'European Union Agency for Law Enforcement Cooperation (Europol)', police),
  unionEntity('eeas', 'European External Action Service (EEAS)', cyberDefence),
  organisation('defence', 'Network of the milCERTs (fictional seat)', 'network', null, 'defence'),
  unionEntity('joint-unit', 'Joint Cyber Unit (fictional virtual platform)', cyberDefence),
  organisation('mitre', 'The MITRE Corporation', 'project', null, 'other'),
  organisation('eurepoc', 'European Repository of Cyber Incidents (EuRepoC)', 'project', null, 'other'),
  unionEntity('council', 'Council of the European Union', []),
  unionEntity('commission', 'European Commission', cyberDefence),
  unionEntity('iicb', 'Interinstitutional Cybersecurity Board (IICB)', cyberDefence),
  unionEntity('eurojust', 'European Union Agency for Criminal Justice Cooperation (Eurojust)', police),
  unionEntity('union-agency', 'Agency of the Union (fictional)', cyberDefence),
  organisation('oasis-open', 'OASIS Open', 'project', null, 'other'),
  organisation('milcert-ee', 'milCERT in Estonia (fictional)', 'csirt', 'EE', 'defence'),
  {
    ...organisation(
      'mfa-nl',
      'Ministry of foreign affairs in the Netherlands (fictional)',
      'office',
      'NL',
      'public-administration',
    ),
    communities: [],
  },
  organisation(
    'crisis-it',
    'Cyber crisis authority in Italy (fictional)',
    'office',
    'IT',
    'public-administration',
  ),
  organisation(
    'crisis-nl',
    'Cyber crisis authority in the Netherlands (fictional)',
    'office',
    'NL',
    'public-administration',
  ),
  organisation(
    'authority-fr',
    'Competent authority in France (fictional)',
    'office',
    'FR',
    'public-administration',
  ),
  organisation('crrt-lt', 'Cyber rapid response team in Lithuania (fictional)', 'project', 'LT', 'defence'),
  organisation('cyber-hub-north', 'Cross-border cyber hub (fictional)', 'network', null, 'other'),
  {
    ...organisation(
      'cyber-centre-no',
      'Cyber centre in Norway (fictional)',
      'third-state-authority',
      null,
      'public-administration',
    ),
    communities: [],
  },
  organisation('eset', 'ESET', 'company', 'SK', 'other'),
  organisation('red-hat', 'Red Hat', 'company', null, 'other'),
  organisation('cisco', 'Cisco', 'company', null, 'other'),
  organisation(
    'bsi-de',
    'Federal Office for Information Security (BSI)',
    'office',
    'DE',
    'public-administration',
  ),
  organisation('misp-project', 'MISP Project', 'project', null, 'other'),
  organisation(
    'cisa',
    'Cybersecurity and Infrastructure Security Agency (CISA)',
    'third-state-authority',
    null,
    'public-administration',
  ),
  organisation('csirts-network', 'CSIRTs network', 'network', null, 'other'),
  ...(['FR', 'PL', 'AT', 'IT', 'HU', 'FI'] as const).map(csirt),
  {
    ...organisation(
      'police-de',
      'Police unit in Germany (fictional)',
      'police',
      'DE',
      'public-administration',
    ),
    communities: police,
  },
  {
    ...organisation('nordsee-energy', 'Nordsee Energy (fictional)', 'company', 'DE', 'energy'),
    communities: [],
  },
  {
    ...organisation('polder-intelligence', 'Polder Intelligence (fictional)', 'company', 'NL', 'other'),
    communities: [],
  },
  {
    ...organisation('leuchtfeuer-security', 'Leuchtfeuer Security (fictional)', 'company', 'DE', 'other'),
    communities: [],
  },
  {
    ...organisation('audit-office', 'Audit Office (fictional)', 'auditor', null, 'union-entity'),
    communities: [],
  },
  organisation('jcu-office', 'Office of the Joint Cyber Unit (fictional)', 'office', null, 'union-entity'),
];

function unionEntity(id: string, name: string, communities: readonly string[]): TrialOrganisation {
  return { id, name, kind: 'union-entity', communities, memberState: null, sector: 'union-entity' };
}

function csirt(memberState: string): TrialOrganisation {
  const id = `csirt-${memberState.toLowerCase()}`;
  return organisation(id, `National CSIRT (${memberState})`, 'csirt', memberState, 'public-administration');
}

function organisation(
  id: string,
  name: string,
  kind: OrganisationKind,
  memberState: string | null,
  sector: string,
): TrialOrganisation {
  return { id, name, kind, communities: cyberDefence, memberState, sector };
}
