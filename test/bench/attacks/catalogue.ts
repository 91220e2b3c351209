/** An attack by CERT-EU's subgraph, or by readers. */
export type Attack = {
  readonly name: string;
  readonly summary: string;
  /** The readers who attack; empty if the subgraph attacks. */
  readonly readers: readonly string[];
  /** Concurrent requests of each attacking reader. */
  readonly atOnce: number;
  /** Whether the subgraph lets the hub wait until its deadline: a reader who asks it waits as long. */
  readonly isSilent: boolean;
};

/** Each attack by readers has other readers, so that it starts with full budgets. */
export const attacks: readonly Attack[] = [
  bySubgraph('disclosures-20-mb', '20 MB of malformed disclosures in each answer'),
  bySubgraph('disclosures-1-mb', '1 MB of malformed disclosures in each answer'),
  bySubgraph('disclosures-9.8-mb', '9.8 MB of well-formed disclosures in each answer'),
  bySubgraph('disclosures-at-limit', 'well-formed disclosures just below the byte limit of an answer'),
  bySubgraph('lists-as-objects', '`nodes: {}` in place of each list'),
  bySubgraph('no-disclosures', 'records without their disclosures'),
  bySubgraph('hangs', 'no answer at all', true),
  bySubgraph('garbage', '64 KB of random bytes in place of each answer'),
  bySubgraph('answers-200-mb', '200 MB in place of each answer'),
  bySubgraph('redirects', 'a redirect to the real subgraph'),
  bySubgraph('half-answers', 'half of each answer, then the end of the connection'),
  bySubgraph('one-byte-a-second', 'one byte of each answer a second', true),
  byReaders('fragment-spreads', '20 KB of fragment spreads in each request', ['pl-csirt-analyst']),
  byReaders('totals', '18 totals of each of the 27 Member States', ['joint-coordinator']),
  byReaders('large-documents', 'distinct valid documents of 150 KB', ['ee-milcert-analyst']),
  byReaders(
    'many-large-documents',
    'the same from 12 readers, whose budgets allow 400 at once',
    [
      'cert-eu-operator',
      'de-police-officer',
      'defence-operator',
      'eeas-operator',
      'enisa-operator',
      'europol-operator',
      'exercise-director',
      'fr-contact-point',
      'it-cyclone-officer',
      'joint-unit-operator',
      'nl-delegate',
      'private-partner',
    ],
    1,
  ),
  byReaders('unused-variables', '100 KB of unused variables with distinct documents', ['eeas-analyst']),
];

function bySubgraph(name: string, summary: string, isSilent = false): Attack {
  return { name, summary, readers: [], atOnce: 0, isSilent };
}

function byReaders(name: string, summary: string, readers: readonly string[], atOnce = 4): Attack {
  return { name, summary, readers, atOnce, isSilent: false };
}
