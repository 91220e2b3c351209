import type { Guard } from './guard.ts';

const page = 'subgraphs/serve/sync/changes-page.ts';
const rows = 'subgraphs/serve/sync/change-rows.ts';
const tests = 'test/subgraphs/serve/sync/changes';

/** The guards of the changes of records. */
export const syncing: readonly Guard[] = [
  {
    name: 'the right to subscribe to a changed record, decided again',
    file: page,
    from: "return policy.may(readerAccess, 'subscribe', type, 'content', envelope);",
    to: 'return true;',
    project: 'parts',
    tests,
  },
  {
    name: 'no change of a record that the reader does not see any more',
    file: page,
    from: 'const isChange = isSeen !== row.isGone;',
    to: 'const isChange = true;',
    project: 'parts',
    tests,
  },
  {
    name: 'the rights in the cursor of changes',
    file: page,
    from: 'const startsOver = known !== null && known.rights !== rights;',
    to: 'const startsOver = false;',
    project: 'parts',
    tests,
  },
  {
    name: 'the repeated time before the end of a reading',
    file: page,
    from: 'new Date(seenTo.getTime() - settleMs);',
    to: 'seenTo;',
    project: 'parts',
    tests,
  },
  {
    name: 'a row for those who lose a record',
    file: rows,
    from: '...(before === null ? [] : toGoneRows(changed, before, now, keyPolicy)),',
    to: '',
    project: 'parts',
    tests,
  },
  {
    name: 'the time of the other readers when a record is opened to one',
    file: rows,
    from: 'keys: row.keys.filter((key) => !known.has(key)),',
    to: 'keys: row.keys,',
    project: 'parts',
    tests,
  },
];
