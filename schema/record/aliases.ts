import { z } from 'zod';
import { actorKey, normaliseName, vulnerabilityKey } from './keys.ts';

/** A row of an alias table: a name and the keys of the entities with this name. TLP:CLEAR reference data. */
export type AliasRow = {
  /** The table and the normalised name. */
  readonly _id: string;
  readonly table: string;
  readonly normal: string;
  readonly name: string;
  /** The keys of all entities with this name. More than one only if it is a synonym of each. */
  readonly keys: readonly string[];
  /** True for the main name of an entity. It takes precedence over a synonym of another. */
  readonly canonical: boolean;
  /** The exercise that the row belongs to: no other picture uses it. Absent for a row of the real world, which all use. */
  readonly exercise?: string;
};

/** One version of one table: a MISP galaxy by its UUID, or the ids of a catalogue. */
export type AliasTable = {
  readonly table: string;
  readonly version: number;
  readonly rows: readonly AliasRow[];
};

const galaxy = z.object({
  type: z.literal('threat-actor'),
  uuid: z.uuid(),
  version: z.number(),
  values: z.array(z.unknown()),
});

const actor = z.object({
  uuid: z.uuid(),
  value: z.string(),
  meta: z
    .object({ synonyms: z.array(z.string()).optional() })
    .loose()
    .optional(),
});

/** Returns true for an entry to omit, such as one with a classification. */
export type OmitEntry = (entry: unknown) => boolean;

/** Reads the alias table of a MISP threat-actor galaxy. Skips malformed entries. Throws if it is not such a galaxy. */
export function aliasesOfGalaxy(file: unknown, omit: OmitEntry = () => false): AliasTable {
  const { uuid, version, values: all } = galaxy.parse(file);
  const values = all.flatMap((entry) => (omit(entry) ? [] : (actor.safeParse(entry).data ?? [])));
  const own = values.map(({ uuid: id, value }) => ({
    name: value,
    key: actorKey({ uuid: id }),
    canonical: true,
  }));
  const other = values.flatMap(({ uuid: id, meta }) =>
    (meta?.synonyms ?? []).map((name) => ({ name, key: actorKey({ uuid: id }), canonical: false })),
  );
  return { table: uuid, version, rows: toRows(uuid, [...own, ...other]) };
}

const euKev = z.array(
  z
    .object({
      cveID: z.string().nullish(),
      euvdID: z.string().nullish(),
      dateReported: z.string().nullish(),
    })
    .loose(),
);

/**
 * Reads the EUVD ids of CVE ids from EU KEV. The file has no version. Its version is the newest date in it, followed by
 * the number of pairs (`20260818` and `0019`), so that an older file is recognised.
 */
export function aliasesOfEuKev(file: unknown): AliasTable {
  const entries = euKev.parse(file);
  const table = 'vulnerability';
  const rows = entries.flatMap(({ cveID, euvdID }): AliasRow[] => {
    const cve = vulnerabilityKey(cveID ?? '')?.slice('Vulnerability:'.length);
    const euvd = vulnerabilityKey(euvdID ?? '')?.slice('Vulnerability:'.length);
    if (cve === undefined || euvd === undefined) return [];
    return [
      {
        _id: `${table}:${euvd}`,
        table,
        normal: `vulnerability:${euvd}`,
        name: euvd,
        keys: [cve],
        canonical: false,
      },
    ];
  });
  const days = entries.map(
    ({ dateReported }) => Number(dateReported?.replaceAll(/\D/g, '').slice(0, 8)) || 0,
  );
  const newest = days.reduce((one, other) => Math.max(one, other), 0);
  return { table, version: newest * 10_000 + Math.min(rows.length, 9999), rows };
}

/** Reads the alias table of a file: EU KEV if it is an array, otherwise a MISP galaxy. Throws if it is neither. */
export function aliasesOf(file: unknown, omit: OmitEntry = () => false): AliasTable {
  return Array.isArray(file)
    ? aliasesOfEuKev(file.filter((entry) => !omit(entry)))
    : aliasesOfGalaxy(file, omit);
}

/** Returns a table as that of one exercise, next to the table of the real world. Null stands for the real world. */
export function tableOf<Table extends { readonly table: string }>(
  table: Table,
  exercise: string | null,
): Table {
  return exercise === null ? table : { ...table, table: `${exercise}>${table.table}` };
}

/** Returns the rows of a table as those of one exercise. */
export function rowsOf(rows: readonly AliasRow[], exercise: string | null): readonly AliasRow[] {
  if (exercise === null) return rows;
  return rows.map((row) => ({ ...row, ...tableOf(row, exercise), _id: `${exercise}>${row._id}`, exercise }));
}

/** Returns whether a picture uses a row: rows of another exercise would tell its readers what that exercise contains. */
export function isOfPicture({ exercise }: Pick<AliasRow, 'exercise'>, picture: string | null): boolean {
  return exercise === undefined || exercise === picture;
}

/** Returns the keys of each normalised name. A main name takes precedence over synonyms. */
export function indexAliases(rows: readonly AliasRow[]): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, { canonical: boolean; keys: readonly string[] }>();
  for (const { normal, canonical, keys } of rows) {
    const known = byName.get(normal);
    if (known === undefined || (canonical && !known.canonical)) byName.set(normal, { canonical, keys });
    else if (known.canonical === canonical) known.keys = [...new Set([...known.keys, ...keys])];
  }
  return new Map([...byName].map(([normal, { keys }]) => [normal, keys]));
}

type Named = { readonly name: string; readonly key: string | null; readonly canonical: boolean };

function toRows(table: string, names: readonly Named[]): readonly AliasRow[] {
  const rows = new Map<string, AliasRow>();
  for (const { name, key, canonical } of names) {
    const normal = normaliseName(name);
    if (normal === null || key === null) continue;
    const known = rows.get(normal);
    if (known !== undefined && known.canonical && !canonical) continue;
    const keys = [...new Set([...(known?.keys ?? []), key])];
    rows.set(normal, known ?? { _id: `${table}:${normal}`, table, normal, name, keys, canonical });
    if (known !== undefined) rows.set(normal, { ...known, keys });
  }
  return [...rows.values()];
}
