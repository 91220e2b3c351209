import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Community } from '../../../schema/record/vocabulary.ts';

/** The folder of public records from outside the project. */
export const realData = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

type Json = Readonly<Record<string, unknown>>;

/** One kind of real files: their import, and how copies of them become different records. */
export type RealFiles = {
  readonly name: string;
  /** The name of the source in the import. */
  readonly source: string;
  readonly into: Community;
  /** The path in the folder of real records: a file, or a folder of files with one record each. */
  readonly path: string;
  /** The member with the records; null if the file itself is their array. Absent for a folder. */
  readonly records?: string | null;
  /** The format, if it is not JSON: CSV tables of a folder that are joined by an id, or XML elements. */
  readonly form?:
    | { readonly tables: RegExp; readonly id: (row: string, copy: number) => string }
    | { readonly element: string; readonly id: (element: string, copy: number) => string };
  /** UUIDs that stay the same in every copy: those of the originator. */
  readonly keep?: readonly string[];
  /** Other values that must differ between copies. */
  readonly rename?: (record: Json, copy: number) => Json;
};

export const realFiles: readonly RealFiles[] = [
  { name: 'eu-kev', source: 'eu-kev', into: 'enisa', path: 'enisa/eu-kev.json', records: null },
  {
    name: 'cisa-kev',
    source: 'cisa-kev',
    into: 'enisa',
    path: 'enisa/cisa-kev.json',
    records: 'vulnerabilities',
  },
  { name: 'cert-eu-advisories', source: 'cert-eu-advisory', into: 'cert-eu', path: 'cert-eu/advisories' },
  {
    name: 'misp-threat-actors',
    source: 'misp-galaxy',
    into: 'cert-eu',
    path: 'common/misp-galaxy-threat-actor.json',
    records: 'values',
    rename: renameCluster,
  },
  {
    name: 'misp-ransomware',
    source: 'misp-ransomware',
    into: 'europol',
    path: 'europol/misp-galaxy-ransomware.json',
    records: 'values',
    rename: renameCluster,
  },
  { name: 'misp-events', source: 'misp-event', into: 'cert-eu', path: 'common/misp-events' },
  { name: 'csaf', source: 'csaf', into: 'enisa', path: 'enisa/csaf', rename: renameAdvisory },
  {
    name: 'attack',
    source: 'attack',
    into: 'defence',
    path: 'defence/attack-ics-18.1.stix.json',
    records: 'objects',
    // MITRE's identity, and the marking with its terms.
    keep: ['c78cb6e5-0c4b-4611-8297-d1b8b55e40b5', 'fa42a846-8d90-4e51-bc29-71d5b4802168'],
  },
  {
    name: 'eurepoc',
    source: 'eurepoc',
    into: 'eeas',
    path: 'eeas',
    form: {
      tables: /^eurepoc-.*\.csv$/,
      id: (row, copy) => row.replace(/^\d+/, (id) => `${Number(id) + copy * 100_000}`),
    },
  },
  {
    name: 'eu-sanctions',
    source: 'eu-sanctions',
    into: 'eeas',
    path: 'eeas/eu-consolidated-sanctions-sample.xml',
    form: {
      element: 'sanctionEntity',
      id: (element, copy) => element.replace(/logicalId="/, `$&${copy}00`),
    },
  },
];

/** The written files: their path for the import, and their size. */
export type Grown = { readonly path: string; readonly records: number; readonly bytes: number };

/** Returns whether the real records exist. */
export function haveRealFiles(): boolean {
  return existsSync(realData);
}

/** Writes multiple copies of the real files into a folder, each with different ids. The copies are streamed. */
export async function growFiles(files: RealFiles, times: number, folder: string): Promise<Grown> {
  await mkdir(folder, { recursive: true });
  const path = join(realData, files.path);
  if (files.form !== undefined)
    return 'tables' in files.form
      ? await growTables(path, files.form, times, folder)
      : await growElements(path, files.form, times, join(folder, basename(path)));
  return files.records === undefined
    ? await growFolder(path, files, times, folder)
    : await growFile(path, files, times, join(folder, basename(path)));
}

async function growFolder(
  from: string,
  { rename }: RealFiles,
  times: number,
  folder: string,
): Promise<Grown> {
  const names = (await readdir(from)).filter((name) => name.endsWith('.json'));
  let bytes = 0;
  for (const name of names) {
    const text = await readFile(join(from, name), 'utf8');
    for (let copy = 0; copy < times; copy += 1) {
      const renamed = rename === undefined ? text : JSON.stringify(rename(JSON.parse(text) as Json, copy));
      const varied = varyIds(renamed, copy);
      bytes += Buffer.byteLength(varied);
      await writeFile(join(folder, `${copy}-${name}`), varied);
    }
  }
  return { path: folder, records: names.length * times, bytes };
}

async function growFile(from: string, files: RealFiles, times: number, path: string): Promise<Grown> {
  const whole = JSON.parse(await readFile(from, 'utf8')) as unknown;
  const member = files.records ?? null;
  const records = (member === null ? whole : (whole as Json)[member]) as readonly Json[];
  const [head, tail] = wrapping(whole, member);
  await using file = await open(path, 'w');
  await file.write(head);
  for (let copy = 0; copy < times; copy += 1) {
    const renamed = records.map((record) => files.rename?.(record, copy) ?? record);
    const text = renamed.map((record) => JSON.stringify(record, null, 2)).join(',\n');
    await file.write(`${copy === 0 ? '' : ',\n'}${varyIds(text, copy, files.keep)}`);
  }
  await file.write(tail);
  const { size } = await file.stat();
  return { path, records: records.length * times, bytes: size };
}

type Tables = Extract<NonNullable<RealFiles['form']>, { tables: RegExp }>;
type Elements = Extract<NonNullable<RealFiles['form']>, { element: string }>;

/** Writes tables with the rows of every copy under different ids. In the real tables a row is one line. */
async function growTables(from: string, form: Tables, times: number, folder: string): Promise<Grown> {
  let bytes = 0;
  const ids = new Set<string>();
  for (const name of (await readdir(from)).filter((one) => form.tables.test(one))) {
    const [heads = '', ...rows] = (await readFile(join(from, name), 'utf8')).trimEnd().split('\n');
    for (const row of rows) ids.add(row.split(',', 1)[0] ?? '');
    await using file = await open(join(folder, name), 'w');
    await file.write(`${heads}\n`);
    for (let copy = 0; copy < times; copy += 1)
      await file.write(rows.map((row) => `${copy === 0 ? row : form.id(row, copy)}\n`).join(''));
    bytes += (await file.stat()).size;
  }
  return { path: folder, records: ids.size * times, bytes };
}

async function growElements(from: string, form: Elements, times: number, path: string): Promise<Grown> {
  const whole = await readFile(from, 'utf8');
  const elements = whole.match(new RegExp(`<${form.element}[ >].*?</${form.element}>`, 'gs')) ?? [];
  const begin = whole.indexOf(elements[0] ?? '');
  const end = whole.lastIndexOf(`</${form.element}>`) + `</${form.element}>`.length;
  await using file = await open(path, 'w');
  await file.write(whole.slice(0, begin));
  for (let copy = 0; copy < times; copy += 1)
    await file.write(elements.map((one) => (copy === 0 ? one : form.id(one, copy))).join('\n'));
  await file.write(whole.slice(end));
  const { size } = await file.stat();
  return { path, records: elements.length * times, bytes: size };
}

/** Returns the text before and after the records of the real file. */
function wrapping(whole: unknown, member: string | null): readonly [string, string] {
  if (member === null) return ['[\n', '\n]\n'];
  const others = Object.entries(whole as Json).filter(([name]) => name !== member);
  return [`${JSON.stringify(Object.fromEntries(others)).slice(0, -1)}, "${member}": [\n`, '\n]}\n'];
}

/** Replaces every id of a text by another id of the same form, consistently. Copy 0 is the real text. */
function varyIds(text: string, copy: number, keep: readonly string[] = []): string {
  if (copy === 0) return text;
  return text
    .replaceAll(/(CVE|EUVD)-(\d{4})-(\d{4,})/gi, (_id, scheme: string, year: string, number: string) => {
      return `${scheme}-${year}-${copy}${number.padStart(7, '0')}`;
    })
    .replaceAll(
      /\b([0-9a-f]{8})((?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/gi,
      (whole, first: string, rest: string) => {
        if (keep.includes(whole)) return whole;
        const other = (Number.parseInt(first, 16) ^ Math.imul(copy, 0x9e3779b1)) >>> 0;
        return `${other.toString(16).padStart(8, '0')}${rest}`;
      },
    )
    .replaceAll(/\b(202[3-5])-(\d{3})(?![\d-])/g, (_id, year: string, number: string) => {
      return `${Number(year) + 3 * copy}-${number}`;
    });
}

function renameCluster(record: Json, copy: number): Json {
  if (copy === 0) return record;
  const meta = (record['meta'] ?? {}) as Json;
  const synonyms = meta['synonyms'];
  const renamed = Array.isArray(synonyms) ? { synonyms: synonyms.map((name) => `${name} ${copy}`) } : {};
  return { ...record, value: `${String(record['value'])} ${copy}`, meta: { ...meta, ...renamed } };
}

function renameAdvisory(record: Json, copy: number): Json {
  if (copy === 0) return record;
  const document = record['document'] as Json;
  const tracking = document['tracking'] as Json;
  const renamed = { ...tracking, id: `${String(tracking['id'])}-${copy}` };
  return { ...record, document: { ...document, tracking: renamed } };
}
