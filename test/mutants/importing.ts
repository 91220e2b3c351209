import type { Guard } from './guard.ts';

/** Guards that limit an import: no marking undone, no record taken over, no access added. */
export const importing: readonly Guard[] = [
  {
    name: 'a manual marking, kept by the next import',
    file: 'subgraphs/serve/ingest/prepare.ts',
    from: 'if (before.readingByHand !== true) return kept;',
    to: 'if (version > 0) return kept;',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/by-hand',
  },
  {
    name: 'the note that a marking is manual',
    file: 'subgraphs/serve/changes/changes.ts',
    from: ', readingByHand: true as const',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/by-hand',
  },
  {
    name: 'no join row by import for a key of a manual portion',
    file: 'subgraphs/serve/store/write.ts',
    from: 'keys.filter((key) => !unlisted.has(key))',
    to: 'keys',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/by-hand',
  },
  {
    name: "another originator's record under a known id, at import",
    file: 'subgraphs/serve/ingest/target.ts',
    from: 'return before.envelope.originator !== envelope.originator;',
    to: "return before.envelope.originator === '' && envelope.originator === '';",
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/ingest.test',
  },
  {
    name: 'the originator of an import',
    file: 'subgraphs/serve/ingest/prepare.ts',
    from: 'refuseOthers(says.originator, defaults.pinnedOriginator);',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/import.test',
  },
  {
    name: 'the organisations that an import may speak for',
    file: 'subgraphs/serve/ingest/prepare.ts',
    from: 'refuseUnspoken(says.originator, defaults);',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/speaks-for',
  },
  {
    name: 'a CSAF document without a TLP label, for its originator only',
    file: 'subgraphs/enisa/sources/csaf-marking.ts',
    from: "isTlpGiven === true ? {} : { tlp: 'AMBER' }",
    to: "isTlpGiven === true ? {} : { tlp: 'CLEAR' }",
    project: 'parts',
    tests: 'test/subgraphs/enisa/sources/csaf.test',
  },
  {
    name: "a portion on a list's sort field, at import",
    file: 'subgraphs/serve/ingest/own-records.ts',
    from: 'isMarked(kind.sortBy) ? null : sortAt',
    to: 'sortAt',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/own-records',
  },
];
