import type { Guard } from './guard.ts';

const folder = 'subgraphs/serve/migrate';
const parts = {
  project: 'parts',
  tests: 'test/subgraphs/serve/(record/schema-versions|migrate/(migrate|contract))',
} as const;

/** What holds while two versions of a community's documents are side by side. */
export const migrating: readonly Guard[] = [
  {
    name: 'migrating: a document of the future is not half-read',
    file: 'subgraphs/serve/record/schema-versions.ts',
    from: 'versions === null || (versions.of > this.current && versions.from > this.current)',
    to: 'versions === null',
    ...parts,
  },
  {
    name: 'migrating: what older versions read is written beside the new',
    file: 'subgraphs/serve/ingest/label.ts',
    from: 'labels.shed ?? {}',
    to: '{ [prepared.mapped.kind]: schema.current }',
    ...parts,
  },
  {
    name: 'migrating: nothing is overwritten that was changed meanwhile',
    file: `${folder}/migrate-range.ts`,
    from: ", 'envelope.version': envelope.version }",
    to: ' }',
    ...parts,
  },
  {
    name: 'migrating: nothing is migrated that another program migrated meanwhile',
    file: `${folder}/migrate-range.ts`,
    from: 'filter: { _id, schemaVersion, ',
    to: 'filter: { _id, ',
    ...parts,
  },
  {
    name: 'migrating: what was changed meanwhile is read again',
    file: `${folder}/migrate-range.ts`,
    from: 'tried - failed.length <= written || ',
    to: 'attempt > 0 || ',
    ...parts,
  },
  {
    name: 'migrating: a portion hides what was made of it',
    file: 'subgraphs/serve/record/schema-versions.ts',
    from: 'const portions = portionsToRead(record.envelope.portions, this.migrations);',
    to: 'const { portions } = record.envelope; void portionsToRead;',
    ...parts,
  },
  {
    name: 'migrating: a portion hides what older versions show instead',
    file: 'subgraphs/serve/record/portions.ts',
    from: 'addDerived(all, retires)',
    to: 'addDerived(all, {})',
    ...parts,
  },
  {
    name: 'migrating: filters compare what every document has',
    file: 'subgraphs/serve/read/list-page.ts',
    from: 'filterPath(name, context.oldest)',
    to: 'filterPath(name, { [type]: 99 })',
    ...parts,
  },
  {
    name: 'migrating: what is left out is not counted',
    file: 'subgraphs/serve/read/read-context.ts',
    from: ' && this.schema(type).isSettled(this.oldest)',
    to: '',
    ...parts,
  },
  {
    name: 'migrating: what is left out is not there for a change',
    file: 'subgraphs/serve/changes/write-once.ts',
    from: 'return found === null ? null : schemaOf(store, kind).read(found);',
    to: 'return found;',
    ...parts,
  },
  {
    name: 'migrating: content that is left as it was keeps what a newer version holds',
    file: 'subgraphs/serve/changes/write-once.ts',
    from: 'isLeft ? (made.before ?? undefined) : undefined',
    to: 'undefined',
    ...parts,
  },
  {
    name: 'migrating: an older program writes nothing in a store that is held to a newer version',
    file: 'subgraphs/serve/store/labeller.ts',
    from: 'refuseOutgrown(store, state);',
    to: 'void refuseOutgrown;',
    ...parts,
  },
  {
    name: 'migrating: a batch holds the versions that it was written for',
    file: 'subgraphs/serve/store/labelling.ts',
    from: 'return isFoundAlike && isHeldAlike(one.oldest, other.oldest) && isHeldAlike(one.shed, other.shed);',
    to: 'void isHeldAlike; return isFoundAlike;',
    ...parts,
  },
  {
    name: 'migrating: no contraction while an older program is there',
    file: `${folder}/migrate.ts`,
    from: 'await refuseOlder(store, versions, options);\n  await migrateAll(store, options);',
    to: 'await migrateAll(store, options);',
    ...parts,
  },
  {
    name: 'migrating: no contraction where an older program came meanwhile',
    file: `${folder}/migrate.ts`,
    from: "await refuseOlder(store, versions, options);\n  await raise(store, 'shed'",
    to: "await raise(store, 'shed'",
    ...parts,
  },
  {
    name: 'migrating: readers have time to look before anything is taken away',
    file: `${folder}/migrate.ts`,
    from: 'await waitForReaders(await readLabelling(store), options);',
    to: 'void waitForReaders;',
    ...parts,
  },
  {
    name: 'migrating: no contraction while a record is left that cannot be migrated',
    file: `${folder}/migrate.ts`,
    from: 'if (failed.length === 0) return;',
    to: 'if (failed.length >= 0) return;',
    ...parts,
  },
  {
    name: 'migrating: migrations that make no sense are refused at start',
    file: 'subgraphs/serve/record/schema-versions.ts',
    from: 'checkMigrations(kind);',
    to: 'void checkMigrations;',
    ...parts,
  },
];
