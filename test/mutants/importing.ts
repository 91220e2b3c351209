import type { Guard } from './guard-list.ts';

/** Guards of what an import takes in. */
export const importing: readonly Guard[] = [
  {
    name: 'what was marked by hand outlasts the next import',
    file: 'subgraphs/serve/ingest/label.ts',
    from: 'if (before.readingByHand !== true) return {};',
    to: 'if (before.version > 0) return {};',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/import.test',
  },
  {
    name: 'no record of another organisation is taken over',
    file: 'subgraphs/serve/ingest/target.ts',
    from: 'if (before !== null && before.envelope.originator !== prepared.envelope.originator) {',
    to: 'if (before !== null && before.envelope.version < 0) {',
    project: 'parts',
    tests: 'test/subgraphs/serve/ingest/import.test',
  },
  {
    name: 'a CSAF document without a label, closed',
    file: 'subgraphs/enisa/sources/csaf-marking.ts',
    from: "isTlpGiven === true ? {} : { tlp: 'AMBER' }",
    to: "isTlpGiven === true ? {} : { tlp: 'CLEAR' }",
    project: 'parts',
    tests: 'test/subgraphs/enisa/sources/csaf.test',
  },
];
