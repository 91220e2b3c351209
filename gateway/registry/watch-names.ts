import type { Db } from 'mongodb';
import { type AliasRow, indexAliases, isOfPicture } from '../../schema/record/aliases.ts';
import { actorKey, normaliseName } from '../../schema/record/keys.ts';
import type { Names } from './names.ts';

const refreshMs = 2000;

/**
 * Caches the alias tables in memory and checks for a newer version every two seconds. While the store is down, the last
 * tables stay in use: they are public reference data, and an unknown name is its own key.
 */
export function watchNames(db: Db, report: (error: unknown) => void) {
  let names = namesByPicture([]);
  let version = '';
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const refresh = async (): Promise<void> => {
    try {
      const versions = await db
        .collection('aliasVersions')
        .find({}, { maxTimeMS: 1500 })
        .sort({ _id: 1 })
        .toArray();
      const now = JSON.stringify(versions);
      if (now !== version) names = namesByPicture(await db.collection<AliasRow>('aliases').find().toArray());
      version = now;
    } catch (error) {
      if (!stopped) report(error);
    }
    if (!stopped) timer = setTimeout(() => void refresh(), refreshMs).unref();
  };
  void refresh();
  return {
    /** The names of a reader's picture. */
    current: (picture: string): Names => names(picture),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Indexes the rows for each exercise that has some, and for all other pictures. */
export function namesByPicture(rows: readonly AliasRow[]): (picture: string) => Names {
  const exercises = new Set(rows.flatMap(({ exercise }) => exercise ?? []));
  const indexed = (picture: string | null) => toNames(rows.filter((row) => isOfPicture(row, picture)));
  const real = indexed(null);
  const byExercise = new Map([...exercises].map((exercise) => [exercise, indexed(exercise)]));
  return (picture) => byExercise.get(picture) ?? real;
}

/** Indexes the rows of the alias tables. */
export function toNames(rows: readonly AliasRow[]): Names {
  const byName = indexAliases(rows);
  const own = new Map<string, string>();
  const others = new Map<string, string[]>();
  for (const { canonical, keys, name } of rows) {
    if (canonical) for (const key of keys) own.set(key, own.get(key) ?? name);
  }
  for (const { keys, name } of rows) {
    for (const key of keys) if (own.get(key) !== name) others.set(key, [...(others.get(key) ?? []), name]);
  }
  return {
    actorsNamed: (name) => {
      const normal = normaliseName(name);
      const unknown = actorKey({ name });
      return (normal === null ? undefined : byName.get(normal)) ?? (unknown === null ? [] : [unknown]);
    },
    actor: (key) => {
      const name = own.get(key);
      return name === undefined ? null : { name, synonyms: (others.get(key) ?? []).toSorted() };
    },
    vulnerability: (id) => byName.get(`vulnerability:${id}`)?.[0] ?? id,
    vulnerabilityAliases: (id) => others.get(id) ?? [],
  };
}
