import type { Db } from 'mongodb';
import { type AliasRow, indexAliases } from '../../schema/record/aliases.ts';
import { actorKey, normaliseName } from '../../schema/record/keys.ts';
import type { Names } from './names.ts';

const refreshMs = 2000;

/**
 * Caches the alias tables in memory and checks for a newer version every two seconds. While the store is down, the last
 * tables stay in use: they are public reference data, and an unknown name is its own key.
 */
export function watchNames(db: Db, report: (error: unknown) => void) {
  let names = toNames([]);
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
      if (now !== version) names = toNames(await db.collection<AliasRow>('aliases').find().toArray());
      version = now;
    } catch (error) {
      if (!stopped) report(error);
    }
    if (!stopped) timer = setTimeout(() => void refresh(), refreshMs).unref();
  };
  void refresh();
  return {
    current: (): Names => names,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
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
