import type { Guard } from './guard.ts';

const folder = 'subgraphs/serve/migrate';
const parts = {
  project: 'parts',
  tests: 'test/subgraphs/serve/(record/schema-versions|migrate/(migrate|contract))',
} as const;

/** Guards while documents of two versions are in one store. */
export const migrating: readonly Guard[] = [
  {
    name: 'migrating: documents of a newer version are not read in part',
    file: 'subgraphs/serve/record/schema-versions.ts',
    from: 'versions === null || (versions.of > this.current && versions.from > this.current)',
    to: 'versions === null',
    ...parts,
  },
  {
    name: 'migrating: fields of older versions are still written',
    file: 'subgraphs/serve/store/write.ts',
    from: 'keyPolicy.shed ?? {}',
    to: '{ [kind]: schema.current }',
    ...parts,
  },
  {
    name: 'migrating: concurrent changes are not overwritten',
    file: `${folder}/migrate-range.ts`,
    from: ", 'envelope.version': envelope.version }",
    to: ' }',
    ...parts,
  },
  {
    name: 'migrating: documents that another process migrated are skipped',
    file: `${folder}/migrate-range.ts`,
    from: 'filter: { _id, schemaVersion, ',
    to: 'filter: { _id, ',
    ...parts,
  },
  {
    name: 'migrating: concurrently changed documents are read again',
    file: `${folder}/migrate-range.ts`,
    from: 'tried - failed.length <= written || ',
    to: 'attempt > 0 || ',
    ...parts,
  },
  {
    name: 'migrating: a portion hides the fields made from it',
    file: 'subgraphs/serve/record/schema-versions.ts',
    from: 'const portions = portionsToRead(record.envelope.portions, this.migrations);',
    to: 'const { portions } = record.envelope; void portionsToRead;',
    ...parts,
  },
  {
    name: 'migrating: a portion hides the fields of older versions',
    file: 'subgraphs/serve/record/portions.ts',
    from: 'addDerived(all, retires)',
    to: 'addDerived(all, {})',
    ...parts,
  },
  {
    name: 'migrating: filters use fields that every document has',
    file: 'subgraphs/serve/read/list-page.ts',
    from: 'filterPath(name, context.oldest)',
    to: 'filterPath(name, { [type]: 99 })',
    ...parts,
  },
  {
    name: 'migrating: omitted documents are not counted',
    file: 'subgraphs/serve/read/read-context.ts',
    from: ' && this.schema(type).isSettled(this.oldest)',
    to: '',
    ...parts,
  },
  {
    name: 'migrating: omitted documents cannot be changed',
    file: 'subgraphs/serve/changes/find-record.ts',
    from: 'return found === null ? null : schemaOf(store, kind.type).read(found);',
    to: 'return found;',
    ...parts,
  },
  {
    name: 'migrating: unchanged content keeps the fields of newer versions',
    file: 'subgraphs/serve/changes/write-once.ts',
    from: 'isLeft ? (made.before ?? undefined) : undefined',
    to: 'undefined',
    ...parts,
  },
  {
    name: 'migrating: an older program cannot write to a store of a newer version',
    file: 'subgraphs/serve/store/key-assigner.ts',
    from: 'refuseOldProgram(store, state);',
    to: 'void refuseOldProgram;',
    ...parts,
  },
  {
    name: 'migrating: a batch depends on the versions of its start',
    file: 'subgraphs/serve/store/key-state.ts',
    from: 'return hasSameKeys && hasSameMinimum(one.oldest, other.oldest) && hasSameMinimum(one.shed, other.shed);',
    to: 'void hasSameMinimum; return hasSameKeys;',
    ...parts,
  },
  {
    name: 'migrating: no contraction while an older program runs',
    file: `${folder}/migrate.ts`,
    from: 'await refuseOlder(store, versions, options);\n  await migrateAll(store, options);',
    to: 'await migrateAll(store, options);',
    ...parts,
  },
  {
    name: 'migrating: no contraction if an older program starts meanwhile',
    file: `${folder}/migrate.ts`,
    from: "await refuseOlder(store, versions, options);\n  await raise(store, 'shed'",
    to: "await raise(store, 'shed'",
    ...parts,
  },
  {
    name: 'migrating: a pause for readers before fields are removed',
    file: `${folder}/migrate.ts`,
    from: 'await waitForReaders(await readKeyState(store), options);',
    to: 'void waitForReaders;',
    ...parts,
  },
  {
    name: 'migrating: no contraction while a record cannot be migrated',
    file: `${folder}/migrate.ts`,
    from: 'if (failed.length === 0) return;',
    to: 'if (failed.length >= 0) return;',
    ...parts,
  },
  {
    name: 'migrating: invalid migrations are refused at start',
    file: 'subgraphs/serve/record/schema-versions.ts',
    from: 'checkMigrations(kind);',
    to: 'void checkMigrations;',
    ...parts,
  },
];
