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
    from: 'if (isListed === row.isGone) continue;',
    to: '',
    project: 'parts',
    tests,
  },
  {
    name: 'the rights in the cursor of changes',
    file: page,
    from: 'const startsOver = known !== null && !hasRights(rights, known.rights);',
    to: 'const startsOver = false;',
    project: 'parts',
    tests,
  },
  {
    name: 'the repeated time before the end of a reading',
    file: page,
    from: 'new Date(known.began.getTime() - settleMs);',
    to: 'known.began;',
    project: 'parts',
    tests,
  },
  {
    name: 'a row for those who lose a record',
    file: rows,
    from: 'gone: before === null ? [] : toGoneRows(changed, before, now, keyPolicy),',
    to: 'gone: [],',
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
  {
    name: 'no ends in a first pass',
    file: page,
    from: 'seenTo, from, endsFrom: now, isOver: false };',
    to: 'seenTo, from, endsFrom: new Date(0), isOver: false };',
    project: 'parts',
    tests,
  },
  {
    name: 'the disclosure of a record that is not a count or an end',
    file: 'gateway/dispatch/source.ts',
    from: 'disclosed.filter(({ count, gone }) => count === undefined && gone !== true);',
    to: 'disclosed;',
    project: 'parts',
    tests: 'test/gateway/dispatch/source',
  },
];
