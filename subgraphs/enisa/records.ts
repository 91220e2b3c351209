import { type Content, type Said, stateCodes } from '../serve/record/content.ts';
import type { Text, Time } from '../../schema/record/envelope.ts';
import type { Kind } from '../serve/kind.ts';
import { declared } from '../serve/record/declared.ts';
import { listOf, text, time, words } from '../serve/record/shapes.ts';

/** What can be done about a vulnerability. */
export type Remediation = {
  readonly category: 'MITIGATION' | 'NO_FIX_PLANNED' | 'NONE_AVAILABLE' | 'VENDOR_FIX' | 'WORKAROUND';
  readonly text: Text;
  readonly url: string | null;
};

/** What ENISA's store holds: one body's description of a vulnerability, and each body's exploitation statement. */
export type VulnerabilityRecordContent = {
  /** CVE id, or the EUVD id where there is none: the shared key is made from it. */
  readonly vulnerability: string;
  readonly cveId: string | null;
  readonly euvdId: string | null;
  readonly aliases: readonly string[];
  readonly title: Text | null;
  readonly description: Text | null;
  readonly state: 'RESERVED' | 'PUBLISHED' | 'DISPUTED' | 'REJECTED';
  readonly publishedAt: Time | null;
  readonly updatedAt: Time | null;
  readonly cwes: readonly string[];
  readonly cvss: readonly {
    readonly version: string;
    readonly vector: string | null;
    readonly score: number;
    readonly severity: string | null;
    readonly scoredBy: string;
  }[];
  readonly products: readonly {
    readonly vendor: string | null;
    readonly product: string | null;
    readonly versionRange: string | null;
    readonly cpe: string | null;
    readonly purl: string | null;
    readonly status: string | null;
    readonly justifications?: readonly string[];
  }[];
  readonly remediations?: readonly Remediation[];
  readonly impact?: Text | null;
  readonly references: readonly string[];
};

export type ExploitationStatementContent = {
  readonly vulnerability: string;
  readonly catalogue: 'EU_KEV' | 'CISA_KEV' | 'CRA_14' | 'NATIONAL';
  /** The body in the catalogue's own words; the envelope's originator is its registry id. */
  readonly assertedBy: string;
  /** ISO 3166-1 alpha-2 where a Member State's CSIRT asserts it. */
  readonly memberState: string | null;
  readonly firstSeen: Time | null;
  readonly reportedAt: Time | null;
  readonly patchedSince: Time | null;
  readonly exploitationTypes: readonly ('UNKNOWN' | 'RANSOMWARE' | 'APT')[];
  readonly ransomwareUse: 'KNOWN' | 'UNKNOWN';
  /** Keys of shared actors, resolved by the alias table. */
  readonly actors: readonly string[];
  readonly requiredAction: Text | null;
  readonly dueDate: Time | null;
  readonly notes: Text | null;
};

const cvss = { version: String, vector: String, score: Number, severity: String, scoredBy: String };
const product = {
  vendor: String,
  product: String,
  versionRange: String,
  cpe: String,
  purl: String,
  status: String,
  justifications: words,
};
const remediation = { category: String, text, url: String };

export const kinds: readonly Kind[] = [
  {
    type: 'VulnerabilityRecord',
    collection: 'vulnerabilityRecords',
    sortBy: 'publishedAt',
    content: {
      vulnerability: String,
      cveId: String,
      euvdId: String,
      aliases: words,
      title: text,
      description: text,
      state: String,
      publishedAt: time,
      updatedAt: time,
      cwes: words,
      cvss: listOf(cvss),
      products: listOf(product),
      remediations: listOf(remediation),
      impact: text,
      references: words,
    },
    filters: { state: 'content.state' },
  },
  {
    type: 'ExploitationStatement',
    collection: 'exploitationStatements',
    sortBy: 'reportedAt',
    content: {
      vulnerability: String,
      catalogue: String,
      assertedBy: String,
      memberState: String,
      firstSeen: time,
      reportedAt: time,
      patchedSince: time,
      exploitationTypes: words,
      ransomwareUse: String,
      actors: words,
      requiredAction: text,
      dueDate: time,
      notes: text,
    },
    filters: { catalogue: 'content.catalogue', ransomwareUse: 'content.ransomwareUse' },
  },
  declared('enisa', 'CoordinatedDisclosure', 'coordinatedDisclosures', { filters: ['state'] }),
  declared('enisa', 'CraNotification', 'craNotifications', { filters: ['kind'] }),
  declared('enisa', 'NotificationFile', 'notificationFiles', {
    filters: ['sector'],
    says: statesOfNotification,
  }),
  declared('enisa', 'QuarterlySummary', 'quarterlySummaries', { filters: ['quarter'] }),
];

/** Whose file it is, who was told of it, and whether Article 23(6) of NIS2 applies. */
function statesOfNotification(content: Content): Said {
  const isTold = content['otherStatesInformedAt'] instanceof Date;
  return {
    states: {
      own: stateCodes(content['memberState']),
      told: isTold ? stateCodes(content['otherStatesAffected']) : [],
    },
    facts: {
      'reach-of-incident': content['crossBorder'] === 'YES' ? 'cross-border-significant' : 'national',
    },
  };
}
