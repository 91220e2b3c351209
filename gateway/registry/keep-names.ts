import type { Db } from 'mongodb';
import { actorKey, normaliseName } from '../../schema/keys.ts';
import type { Names } from './names.ts';

/** A row of the alias table: which keys carry a name. A canonical name is one actor's own. */
type AliasRow = {
  readonly _id: string;
  readonly name: string;
  readonly keys: readonly string[];
  readonly canonical: boolean;
};

const refreshMs = 2000;

/**
 * Keeps the alias table in memory and looks for a newer version every two seconds. While the store is down the last
 * table stays: it is public reference data, and a name that it lacks is still a key.
 */
export function keepNames(db: Db, report: (error: unknown) => void) {
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
      report(error);
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

function toNames(rows: readonly AliasRow[]): Names {
  const byName = new Map(rows.map((row) => [row._id, row.keys]));
  const own = new Map(
    rows.flatMap((row) => (row.canonical && row.keys[0] !== undefined ? [[row.keys[0], row.name]] : [])),
  );
  const others = new Map<string, string[]>();
  for (const row of rows) {
    for (const key of row.keys)
      if (own.get(key) !== row.name) others.set(key, [...(others.get(key) ?? []), row.name]);
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
