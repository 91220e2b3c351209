import type { Guard } from './guard.ts';

const reclassifying = 'test/subgraphs/enisa/reclassifying';

/** Guards of notification files. */
export const files: readonly Guard[] = [
  {
    name: 'the fields of a file that another one replaces, as far as the mover sees them',
    file: 'subgraphs/serve/workflow/kinds/file-moves.ts',
    from: 'const seen = this.visibleOf(kind, record);',
    to: 'const seen = record.content as Content;',
    project: 'parts',
    tests: reclassifying,
  },
  {
    name: 'the readers of a file that replaces another one',
    file: 'subgraphs/serve/workflow/kinds/file-moves.ts',
    from: 'organisations: [organisation] }',
    to: 'organisations: [...envelope.audience.organisations, organisation] }',
    project: 'parts',
    tests: reclassifying,
  },
];
