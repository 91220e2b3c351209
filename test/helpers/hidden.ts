import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuietImports } from '../../docker/cli/import.ts';
import { type As, ask, type Asked } from './ask.ts';

/** A record that is hidden from most readers. The same shape describes one that does not exist. */
export type Target = {
  readonly cve: string;
  readonly serial: string;
  readonly at: string;
  readonly id: string;
};

const exercise = 'exercise:trial-2026';

/** The originator's analyst, who may read the record. */
export const insider: As = { as: 'cert-eu-analyst', picture: exercise, purpose: 'incident-response' };

/** Readers of other kinds, who may not. */
export const outsiders: readonly As[] = [
  { as: 'private-partner', picture: exercise, purpose: 'incident-response' },
  { as: 'fr-csirt-analyst', picture: exercise, purpose: 'incident-response' },
];

/** A record that does not exist, in the shape of one that does. */
export const absent: Target = {
  cve: 'CVE-2099-77002',
  serial: '2099-778',
  at: '2026-08-02T10:00:00.000Z',
  id: 'Advisory:00000000-0000-4000-8000-000000000000',
};

/** Imports an advisory that only its originator and one CSIRT may read, and returns its keys. */
export async function importHidden(trial: Asked, uri: string): Promise<Target> {
  const keys = { cve: 'CVE-2099-77001', serial: '2099-777', at: '2026-08-01T10:00:00.000Z' };
  const folder = await mkdtemp(join(tmpdir(), 'jcu-hidden-'));
  try {
    const file = join(folder, `${keys.serial}.json`);
    await writeFile(file, JSON.stringify(advisory(keys)));
    const args = [file, '--tlp', 'AMBER', '--audience', 'csirt-pl', '--purpose', 'incident-response'];
    await runQuietImports(trial.home, 'cert-eu', uri, [[...args, '--exercise', exercise]]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const query = `{ advisories(filter: { serial: "${keys.serial}" }) { nodes { id } } }`;
  const { body } = await ask(trial, insider, query);
  return { ...keys, id: String(body.data.advisories.nodes[0].id) };
}

/** Returns a fictional advisory in CERT-EU's format. */
function advisory({ cve, serial, at }: Omit<Target, 'id'>): object {
  const [day = ''] = at.split('T');
  const [year, month, date] = day.split('-');
  return {
    title: 'EXERCISE: Hidden from most',
    serial_number: serial,
    publish_date: `${date}-${month}-${year} 10:00:00`,
    description: 'EXERCISE',
    url_title: serial,
    content_markdown: `---\ntitle: 'EXERCISE: Hidden from most'\nnumber: '${serial}'\nversion: '1.0'\noriginal_date: '${day}'\ndate: '${day}'\n---\n\n# Summary\n\nEXERCISE ${cve}.\n\n# Technical Details\n\nEXERCISE ${cve}.\n`,
    content_html: '',
    licence: { title: 'EXERCISE', spdx_id: 'CC-BY-4.0' },
  };
}

const fields = 'id serial title { value } envelope { marking { tlp } originator { id } }';
const page = `nodes { ${fields} } edges { cursor } pageInfo { hasNextPage startCursor endCursor } total { value exact }`;

/** Returns every query that could reveal a record. */
export const probes: readonly (readonly [name: string, query: (target: Target) => string])[] = [
  ['a lookup by id', ({ id }) => `{ advisory(id: "${id}") { ${fields} } }`],
  ['an alias', ({ id }) => `{ a: advisory(id: "${id}") { x: id } b: advisory(id: "${id}") { y: serial } }`],
  [
    'a fragment',
    ({ id }) =>
      `query { ...F } fragment F on Query { advisory(id: "${id}") { ...G } } fragment G on Advisory { ${fields} }`,
  ],
  [
    'an inline fragment',
    ({ id }) => `{ ... on Query { advisory(id: "${id}") { ... on Advisory { ${fields} } } } }`,
  ],
  ['a node', ({ id }) => `{ node(id: "${id}") { ... on Advisory { ${fields} } } }`],
  ['a node of which nothing is selected', ({ id }) => `{ node(id: "${id}") { ... on Operation { id } } }`],
  [
    'nodes',
    ({ id, cve }) =>
      `{ nodes(ids: ["${id}", "Vulnerability:${cve}", "${id}"]) { __typename id ... on Advisory { ${fields} } } }`,
  ],
  ['the name of its type', ({ id }) => `{ advisory(id: "${id}") { __typename } }`],
  ['a shared key', ({ cve }) => `{ vulnerability(id: "${cve}") { advisories { ${page} } } }`],
  [
    'several shared keys',
    ({ cve }) => `{ vulnerabilities(ids: ["${cve}", "CVE-2099-77003"]) { advisories { ${page} } } }`,
  ],
  ['a filter by ids', ({ id }) => `{ advisories(filter: { ids: ["${id}", "Advisory:x"] }) { ${page} } }`],
  [
    'a filter by ids and a value',
    ({ id, serial }) => `{ advisories(filter: { ids: ["${id}"], serial: "${serial}" }) { ${page} } }`,
  ],
  ['a filter', ({ serial }) => `{ advisories(filter: { serial: "${serial}" }) { ${page} } }`],
  [
    'a filter in the other order',
    ({ serial }) =>
      `{ advisories(filter: { serial: "${serial}" }, orderBy: { direction: ASC }) { ${page} } }`,
  ],
  [
    'a window of time',
    ({ at }) =>
      `{ advisories(filter: { since: "${at}", before: "${at.replace('00.000Z', '01.000Z')}" }) { ${page} } }`,
  ],
  [
    'a count alone',
    ({ serial }) =>
      `{ advisories(first: 0, filter: { serial: "${serial}" }) { total(max: 10) { value exact } } }`,
  ],
  [
    'a count over a shared key',
    ({ cve }) => `{ vulnerability(id: "${cve}") { advisories(first: 0) { total { value exact } } } }`,
  ],
  [
    'many lookups at once',
    ({ id }) =>
      `{ ${Array.from({ length: 20 }, (_, at) => `a${at}: advisory(id: "${id}") { id }`).join(' ')} }`,
  ],
];
