import type { Guard } from './guard.ts';

/** Guards of notification files and CRA notifications. */
export const notifying: readonly Guard[] = [
  {
    name: 'a move that opens a record, by its originator only',
    file: 'subgraphs/serve/workflow/move-steps.ts',
    from: 'if (!this.mayWiden(kind, envelope))',
    to: "if (kind.type === '')",
    project: 'parts',
    tests: 'test/subgraphs/enisa/telling-states',
  },
  {
    name: 'the readers of a new CRA notification',
    file: 'subgraphs/serve/workflow/first-moves.ts',
    from: 'if (of.moves[move]?.readers !== undefined) refuseOthers(reading, all);',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/enisa/withholding',
  },
  {
    name: 'the reasons of a withholding',
    file: 'subgraphs/serve/workflow/kinds/withholding-effects.ts',
    from: '...reasonNames(moved).map((name) => portionFor(envelope, name, readers)),',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/enisa/withholding',
  },
  {
    name: 'a notification in particularly exceptional circumstances',
    file: 'subgraphs/serve/workflow/kinds/withholding-effects.ts',
    from: '[...fields].filter((name) => !shownInAllCases.has(name))',
    to: '[]',
    project: 'parts',
    tests: 'test/subgraphs/enisa/withholding',
  },
  {
    name: 'the fields that a file keeps back',
    file: 'subgraphs/serve/workflow/kinds/file-effects.ts',
    from: '...kept.map((path) => portionFor(envelope, path, [envelope.originator])),',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/enisa/telling-states',
  },
  {
    name: 'recipients that a move names, in the registry',
    file: 'gateway/request/recipient-check.ts',
    from: 'return opened.filter((name) => name !== of?.subject);',
    to: 'return opened.filter(() => false);',
    project: 'parts',
    tests: 'test/gateway/request/recipient-check',
  },
];
