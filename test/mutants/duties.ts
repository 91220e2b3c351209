import type { Guard } from './guard.ts';

const shown = 'test/subgraphs/joint-unit/notification-duties-shown';
const all = 'test/subgraphs/joint-unit/notification-duties.test';

/** Guards of duties to notify. */
export const duties: readonly Guard[] = [
  {
    name: 'the notices and rows of a recipient that is not notified yet',
    file: 'subgraphs/serve/workflow/parties.ts',
    from: 'organisation !== null && isKnown(of, standing) ? [organisation]',
    to: 'organisation !== null ? [organisation]',
    project: 'parts',
    tests: shown,
  },
  {
    name: 'the thread of a recipient that was not notified',
    file: 'subgraphs/serve/workflow/standings.ts',
    from: 'organisation !== null && (isOpened || isKnown(of, progress))',
    to: 'organisation !== null',
    project: 'parts',
    tests: shown,
  },
  {
    name: 'the moves of a recipient that was not notified',
    file: 'subgraphs/serve/workflow/thread-moves.ts',
    from: 'if (!isOpened && !isKnown(of, before.progress)) throw notFound();',
    to: '',
    project: 'parts',
    tests: shown,
  },
  {
    name: 'the notices of one recipient without end',
    file: 'subgraphs/serve/workflow/thread-moves.ts',
    from: 'this.#refuseRepeated(kind, of, before, progress);',
    to: '',
    project: 'parts',
    tests: all,
  },
  {
    name: 'the readers of a new duty to notify',
    file: 'subgraphs/serve/workflow/first-moves.ts',
    from: 'const areMembers = hasThreads && !opensThreads(this.of(kind.type));',
    to: 'const areMembers = hasThreads || opensThreads(this.of(kind.type));',
    project: 'parts',
    tests: shown,
  },
  {
    name: 'the join rows of a record that is opened in place',
    file: 'subgraphs/serve/store/write.ts',
    from: 'await linksOf(store).updateMany({ record: _id }, { $set: keys }, { session });',
    to: '',
    project: 'parts',
    tests: shown,
  },
  {
    name: 'the marking of a duty to notify while it runs',
    file: 'subgraphs/serve/changes/running-workflow.ts',
    from: 'addressedByHub(of) !== null || opensThreads(of)',
    to: 'addressedByHub(of) !== null',
    project: 'parts',
    tests: all,
  },
  {
    name: 'duties to notify that are written by hand',
    file: 'schema/workflow/served.ts',
    from: "  NotificationDuty: ['trigger'],",
    to: '',
    project: 'parts',
    tests: all,
  },
  {
    name: 'the persons who open a duty, by its trigger',
    file: 'schema/workflow/language/recorders.ts',
    from: 'when: { ...who.when, [input]: [name] }',
    to: 'when: who.when',
    project: 'parts',
    tests: all,
  },
  {
    name: 'duties to notify with a marking that a recipient cannot read',
    file: 'subgraphs/serve/workflow/first-moves.ts',
    from: 'if (opensThreads(this.of(kind.type))) refuseHeld(reading);',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/notification-duties.test',
  },
  {
    name: 'moves of a thread from before its organisation knew of it',
    file: 'subgraphs/serve/workflow/standings.ts',
    from: 'isOpened ? ofThread : sinceOpening(of, ofThread)',
    to: 'ofThread',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/notification-duties.test',
  },
];
