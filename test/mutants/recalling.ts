import type { Guard } from './guard.ts';

/** Guards of recalls. */
export const recalling: readonly Guard[] = [
  {
    name: "the hub's statement about the record that is recalled",
    file: 'subgraphs/serve/workflow/recall-grounds.ts',
    from: 'if (received === null || received.record !== recordId)',
    to: 'if (received === null)',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/recalls',
  },
  {
    name: 'the state of a recall, for its originator only',
    file: 'subgraphs/serve/workflow/standings.ts',
    from: 'if (!seesState(of, actorOn(of, this.#parts.readerAccess, values, null))) return null;',
    to: 'if (!seesState({}, actorOn(of, this.#parts.readerAccess, values, null))) return null;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/recalls',
  },
  {
    name: 'the tasks and deadlines of a recall, for its originator only',
    file: 'subgraphs/serve/workflow/standings.ts',
    from: 'if (!seesState(of, actor)) return [];',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/recalls',
  },
  {
    name: 'the notices of a recall, for its originator only',
    file: 'subgraphs/serve/workflow/parties.ts',
    from: 'of.shownTo === undefined ? threads : []',
    to: 'threads',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/recalls',
  },
  {
    name: 'the version of a recall that is closed',
    file: 'subgraphs/serve/workflow/moves.ts',
    from: 'if (of.shownTo !== undefined) return',
    to: 'if (of.shownTo === null) return',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/recalls',
  },
  {
    name: 'the recipients of an imported recall, each for itself',
    file: 'subgraphs/joint-unit/recipients.ts',
    from: 'isOriginator || organisationsIn(one)',
    to: 'isOriginator || true || organisationsIn(one)',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/recalls',
  },
];
