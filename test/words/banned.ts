/** A term or pattern that the project's texts do not use. */
export type Banned = {
  /** The name of the entry in reports. */
  readonly term: string;
  readonly pattern: RegExp;
  /** The replacement to use. */
  readonly instead: string;
  /** Sentences that match this pattern may use the term. */
  readonly unless?: RegExp;
  /** Files whose path matches this pattern may use the term. */
  readonly notIn?: RegExp;
  /** Questions and headings may use the term. */
  readonly clause?: true;
};

/** The banned terms and sentence forms. A pattern with `^` matches at the start of a sentence only. */
export const banned: readonly Banned[] = [
  {
    term: 'What ... as a subject',
    pattern: /^what\s+\S+\s+\S+/i,
    instead: 'start with the noun that is meant, or with a verb in the third person',
    clause: true,
  },
  {
    term: 'Who ... as a subject',
    pattern: /^who\s+\S+\s+\S+/i,
    unless: /^who are /,
    instead: '"A reader who ...", "A subgraph that ...", or a verb in the third person',
    clause: true,
  },
  {
    term: 'That ... as a subject',
    pattern:
      /^that\s+(?:an?|each|every|he|it|its|nobody|no|nothing|one|she|the|their|there|they|this|what|who)\b/i,
    instead: 'name the subject, or write "Checks that ..."',
    clause: true,
  },
  {
    term: 'So ... as a link',
    pattern: /^so(?! far)\s+\S+\s+\S+/i,
    instead: '"therefore" inside the sentence, or one sentence with "because"',
    clause: true,
  },
  { term: 'anew', pattern: /\banew\b/i, instead: '"again"' },
  {
    term: 'whoever',
    pattern: /\bwho(?:so)?ever\b/i,
    instead: 'the role: "the operator", "a reader who ..."',
  },
  { term: 'whatever it is', pattern: /\bwhatever (?:it|they) (?:is|are)\b/i, instead: '"any" with the noun' },
  {
    term: 'is none',
    // A widening is a line of the exhaustive diff, not prose.
    notIn: /policy\/changes\//,
    pattern: /(?<!\bthere )\b(?:is|are|was|were) none\b(?! of the)/i,
    instead: '"does not exist", "is not a ...", "there is no ..."',
  },
  {
    term: 'comes to',
    pattern: /\b(?:comes?|came|coming) to(?: nothing)?\b(?! (?:the|a) (?:hub|subgraph))/i,
    instead: '"is", "ends as", "has no effect"',
  },
  {
    term: 'of its own',
    pattern:
      /\bof (?:its|their|his|her|one's|your|our) own\b(?=\s*(?:[.,;:)!?'"|]|$)|\s+(?:after|and|are|as|at|before|by|for|from|if|in|is|on|open|or|so|that|to|under|was|which|while|who|with)\b)/i,
    instead: '"its own ..." or "a separate ..."',
  },
  {
    term: 'by itself',
    pattern: /\bby (?:itself|themselves)\b/i,
    instead: '"separately", "alone", "automatically"',
  },
  {
    term: 'told',
    pattern: /\btold\b/i,
    instead: '"reported", "notified", "instructed", "informed"',
    // The name of a relation in the policy.
    unless: /of a Member State that was told/,
  },
  {
    term: 'witness',
    pattern: /\bwitness(?:es)?\b/i,
    instead: '"example"',
    unless: /\b(?:suspects?|victims?|informants?)\b|^Possible witnesses/i,
  },
  { term: 'deed', pattern: /\bdeeds?\b/i, instead: '"access" or "action"' },
  { term: 'door', pattern: /\bdoors?\b/i, instead: '"root field" or "entry point"' },
  { term: 'stub', pattern: /\bstubs?\b/i, instead: '"entity reference"' },
  {
    term: 'holder',
    pattern: /\bholders?\b/i,
    instead: '"reader" (its rights are ReaderAccess)',
    unless: /\b(?:leases?|locks?|copyright|rights?|licen[cs]es?|tokens?|grant)\b/i,
  },
  { term: 'knife', pattern: /\bkni(?:fe|ves)\b/i, instead: '"prune" or "refuse"' },
  { term: 'seldom', pattern: /\bseldom\b/i, instead: '"rarely", or the number' },
  { term: 'foresee', pattern: /\bfores(?:ee[ns]?|aw|eeing)\b/i, instead: '"dry run", "preview", "expect"' },
  { term: 'gate', pattern: /\bgates?\b(?!way)/i, instead: '"rule" or "condition"', unless: /Transfer Gate/ },
  {
    term: 'shed, outgrown',
    pattern: /\b(?:shed|outgrown|outgrows?)\b/i,
    instead: '"removed", "previous version"',
  },
  {
    term: 'lost part',
    pattern: /\bpart(?:s)? (?:is|are|was|were) lost\b|\blost parts?\b/i,
    instead: '"failed subgraph", "missing subgraph response"',
  },
  {
    term: 'labels (access keys)',
    pattern: /(?<!<\/?)\b(?:labels?|labelled|labelling)\b/i,
    instead: '"access keys"',
    unless:
      /\b(?:TLP|PAP|CSAF|STIX|MISP|markings?|colour|AMBER|WHITE|source|image|operate|operator|--tlp|Permissible|Traffic Light)\b/i,
    // Labels of TLP and PAP, in the sources' words.
    notIn: /\/sources\/|\/record\/marking\.|issuer\/pages/,
  },
  {
    term: "the hub's word",
    pattern: /\b(?:hub|subgraph|reader|client|parser|policy|source|law)(?:'s|’s) words?\b/i,
    instead: '"assertion", "statement", "term", or the thing itself',
  },
  {
    term: 'a word of',
    pattern: /\ba words? of\b/i,
    instead: '"a term of", "a sentence of", or the thing itself',
  },
  {
    term: "the caller's to ...",
    pattern:
      /\b(?:is|are|be|was)(?: \w+)? \w+(?:'s|’s) to \w+|\b\w+(?:'s|’s) to (?:say|see|decide|tell|prove|make|keep|know|do)\b/i,
    instead: '"the caller decides ...", "the caller checks ..."',
  },
  { term: 'beside', pattern: /\bbeside\b/i, instead: '"next to", "in addition to", "together with"' },
];
