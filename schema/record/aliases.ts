import { z } from 'zod';
import { actorKey, normaliseName, vulnerabilityKey } from './keys.ts';

/** A row of an alias table: that a name is carried by the entities of these keys. CLEAR reference data. */
export type AliasRow = {
  /** Table and normalised name. */
  readonly _id: string;
  readonly table: string;
  readonly normal: string;
  readonly name: string;
  /** Keys of all that carry it; more than one only where none of them has it as its own name. */
  readonly keys: readonly string[];
  /** Whether it is an entity's own name, which wins over another's synonym. */
  readonly canonical: boolean;
};

/** One version of one table: a galaxy by its UUID, or the ids of a catalogue. */
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

/** Whether an entry is to be left out, such as one that bears a classification. */
export type LeavesOut = (entry: unknown) => boolean;

/** The alias table of a MISP threat-actor galaxy, without entries that are no actors. Throws where it is none. */
export function aliasesOfGalaxy(file: unknown, leavesOut: LeavesOut = () => false): AliasTable {
  const { uuid, version, values: all } = galaxy.parse(file);
  const values = all.flatMap((entry) => (leavesOut(entry) ? [] : (actor.safeParse(entry).data ?? [])));
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
 * The EUVD ids that EU KEV gives for CVE ids. The file has no version: it is the newest day in it with the number of
 * its pairs behind (`20260818` and `0019`), so that an older file is known as one.
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

/** Every table of a file that holds aliases, in the order tried; throws where it is none of them. */
export function aliasesOf(file: unknown, leavesOut: LeavesOut = () => false): AliasTable {
  return Array.isArray(file)
    ? aliasesOfEuKev(file.filter((entry) => !leavesOut(entry)))
    : aliasesOfGalaxy(file, leavesOut);
}

/** What a name leads to: the keys that carry it, by normalised name, own names before synonyms. */
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
