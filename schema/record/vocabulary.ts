/** FIRST TLP 2.0, from the widest to the strictest. `AMBER_STRICT` is TLP:AMBER+STRICT. */
export const tlpScale = ['CLEAR', 'GREEN', 'AMBER', 'AMBER_STRICT', 'RED'] as const;
export type Tlp = (typeof tlpScale)[number];

/** Permissible Actions Protocol (MISP taxonomy), from the widest to the strictest. */
export const papScale = ['CLEAR', 'GREEN', 'AMBER', 'RED'] as const;
export type Pap = (typeof papScale)[number];

/** Europol handling codes. They form a set, not a scale. */
export const handlingCodes = ['H0', 'H1', 'H2', 'H3'] as const;
export type HandlingCode = (typeof handlingCodes)[number];

/** Distribution limits: LIMITE and SNC (sensitive non-classified) of the EU institutions. */
export const distributions = ['NONE', 'LIMITE', 'SNC'] as const;
export type Distribution = (typeof distributions)[number];

/** The widest reach of an audience, independent of TLP. A MISP distribution is mapped to one of these. */
export const reaches = ['ANYONE', 'COMMUNITY', 'NAMED'] as const;
export type Reach = (typeof reaches)[number];

export const recordStates = ['DRAFT', 'ACTIVE', 'CORRECTED', 'SUPERSEDED', 'RETRACTED', 'ERASED'] as const;
export type RecordState = (typeof recordStates)[number];

export const purposes = [
  'incident-response',
  'vulnerability-handling',
  'threat-analysis',
  'situational-awareness',
  'crisis-coordination',
  'crime-prevention',
  'criminal-investigation',
  'diplomatic-response',
  'cyber-defence',
  'mutual-assistance',
  'exercise',
  'supervision',
  'audit',
  'data-protection',
] as const;
export type Purpose = (typeof purposes)[number];

/** The TLP community of a GREEN record that names none (TLP 2.0: "the cybersecurity or defence community"). */
export const defaultTlpCommunity = 'cyber-defence';

/** The communities. Each has its own store and subgraph. */
export const communities = ['enisa', 'cert-eu', 'europol', 'eeas', 'defence', 'joint-unit'] as const;
export type Community = (typeof communities)[number];

/** Returns the name of a community as the names of mutations have it, such as `CertEu`. */
export function graphNameOf(community: Community): string {
  const words = community.split('-');
  return words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('');
}

/** Returns the name of a community as a field of the graph: `jointUnit`. */
export function communityField(community: Community): string {
  const name = graphNameOf(community);
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
}
