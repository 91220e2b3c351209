import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLArgument, isInputObjectType, isScalarType, getNamedType } from 'graphql';
import { runQuietImport } from '../../docker/trial/import.ts';
import { read } from '../../schema/sources.ts';
import { type As, ask, standing } from '../helpers/ask.ts';

/**
 * Every road to a record that a reader may not see, walked twice: to a record that is hidden, and to one that does not
 * exist. Both answers must be the same bytes; the originator's own analyst shows that the road leads somewhere.
 */

const exercise = 'exercise:trial-2026';
const about = { picture: exercise, purpose: 'incident-response' };
const insider: As = { as: 'cert-eu-analyst', ...about };
const outsiders: readonly As[] = [
  { as: 'private-partner', ...about },
  { as: 'fr-csirt-analyst', ...about },
];

const hidden = { cve: 'CVE-2099-77001', serial: '2099-777', at: '2026-08-01T10:00:00.000Z', id: '' };
const absent = {
  cve: 'CVE-2099-77002',
  serial: '2099-778',
  at: '2026-08-02T10:00:00.000Z',
  id: 'Advisory:00000000-0000-4000-8000-000000000000',
};
type Target = typeof hidden;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jcu-abuse-'));
  try {
    const file = join(folder, '2099-777.json');
    await writeFile(file, JSON.stringify(advisory(hidden)));
    const args = [file, '--tlp', 'AMBER', '--audience', 'csirt-pl', '--purpose', 'incident-response'];
    await runQuietImport(folder, 'cert-eu', standing().uris['cert-eu'] ?? '', [
      ...args,
      '--exercise',
      exercise,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { body } = await ask(
    standing(),
    insider,
    `{ advisories(filter: { serial: "${hidden.serial}" }) { nodes { id } } }`,
  );
  hidden.id = body.data.advisories.nodes[0].id;
}, 60_000);

/** An advisory as CERT-EU publishes them: made up, for this exercise. */
function advisory({ cve, serial, at }: Target): object {
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

const roads: readonly (readonly [name: string, query: (target: Target) => string])[] = [
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
  ['the name of its type', ({ id }) => `{ advisory(id: "${id}") { __typename } }`],
  ['a shared key', ({ cve }) => `{ vulnerability(id: "${cve}") { advisories { ${page} } } }`],
  [
    'several shared keys',
    ({ cve }) => `{ vulnerabilities(ids: ["${cve}", "CVE-2099-77003"]) { advisories { ${page} } } }`,
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

/** What of an answer must be the same: all but the request's own id and the very words that were asked. */
function comparable(text: string, target: Target): string {
  return [target.cve, target.serial, target.at, target.id].reduce(
    (said, word) => said.replaceAll(word, '*'),
    text.replace(/"correlationId":"[^"]+"/, ''),
  );
}

describe.each(roads)('%s', (_name, query) => {
  test.each(outsiders)('to what is hidden is a road to nothing for $as, byte for byte', async (who) => {
    const denied = await ask(standing(), who, query(hidden));
    const missing = await ask(standing(), who, query(absent));
    expect(comparable(denied.text, hidden)).toBe(comparable(missing.text, absent));
    expect([denied.status, [...denied.headers.keys()]]).toEqual([
      missing.status,
      [...missing.headers.keys()],
    ]);
  });

  test('leads somewhere for the originator’s own analyst', async () => {
    const seen = await ask(standing(), insider, query(hidden));
    const missing = await ask(standing(), insider, query(absent));
    expect(seen.body.errors).toBeUndefined();
    expect(comparable(seen.text, hidden)).not.toBe(comparable(missing.text, absent));
  });
});

const pageAfter = (after: string) => `{ advisories(first: 1, after: "${after}") { nodes { id } } }`;

test('another reader’s cursor, a forged one and one of another list are the same error', async () => {
  const { body } = await ask(
    standing(),
    insider,
    '{ advisories(first: 1) { pageInfo { endCursor } } mispEvents(first: 1) { pageInfo { endCursor } } }',
  );
  const foreign = body.data.advisories.pageInfo.endCursor;
  const ofAnother = body.data.mispEvents.pageInfo.endCursor;
  expect((await ask(standing(), insider, pageAfter(foreign))).body.errors).toBeUndefined();
  for (const who of outsiders) {
    const answers = await Promise.all(
      [foreign, ofAnother, 'forged', `${foreign}A`].map(async (after) => {
        const { text, status } = await ask(standing(), who, pageAfter(after));
        return [status, text.replace(/"correlationId":"[^"]+"/, '')];
      }),
    );
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(String(answers[0])).toContain('BAD_CURSOR');
  }
});

type Scalar = readonly [path: string, type: string, query: string, wrap: (value: unknown) => unknown];

const asIs = (value: unknown) => value;

/** Every argument of a root field, and every field of its input objects, that takes a scalar. */
function scalarsOfDoors(): readonly Scalar[] {
  const schema = buildSchema(read('published.graphql'));
  return Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap((door) => {
    const required = door.args.filter((argument) => String(argument.type).endsWith('!'));
    const select = isScalarType(getNamedType(door.type)) ? '' : '{ __typename }';
    const queryOf = ({ name, type }: GraphQLArgument) => {
      const others = required
        .filter((other) => other.name !== name)
        .map((other) => `${other.name}: ${other.name === 'type' ? 'OTHER' : '"x"'}`);
      return `query ($v: ${String(type)}) { ${door.name}(${[`${name}: $v`, ...others].join(', ')}) ${select} }`;
    };
    return door.args.flatMap((argument): Scalar[] => {
      const type = getNamedType(argument.type);
      if (isScalarType(type)) return [[`${door.name}.${argument.name}`, type.name, queryOf(argument), asIs]];
      if (!isInputObjectType(type)) return [];
      return Object.values(type.getFields())
        .filter((field) => isScalarType(getNamedType(field.type)))
        .map((field): Scalar => [
          `${door.name}.${argument.name}.${field.name}`,
          getNamedType(field.type).name,
          queryOf(argument),
          (value) => ({ [field.name]: value }),
        ]);
    });
  });
}

test.each(scalarsOfDoors())(
  'an operator object for %s (%s) is refused before any store is asked',
  async (path, _type, query, wrap) => {
    for (const value of [{ $ne: null }, { $gt: '' }, { $where: 'true' }, { toString: 'x' }]) {
      const { status, body } = await ask(standing(), insider, query, { v: wrap(value) });
      expect([path, status, body.errors?.[0]?.extensions?.code]).toEqual([path, 400, 'BAD_USER_INPUT']);
      expect(body.data ?? null).toBeNull();
    }
  },
);
