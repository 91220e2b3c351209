import { expect, test } from '@jest/globals';
import { ask, standing } from '../helpers/ask.ts';

const analyst = { as: 'cert-eu-analyst', purpose: 'incident-response', picture: 'exercise:trial-2026' };

const asked = async (query: string) => await ask(standing(), analyst, query);

type Page = {
  readonly nodes: readonly { readonly recordId: string; readonly kind: string; readonly isGone: boolean }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  readonly startsOver: boolean;
};

async function read(as: typeof analyst, after: string | null, first = 40): Promise<Page> {
  const { status, body } = await ask(
    standing(),
    as,
    `query ($after: String, $first: Int) { changes { certEu(first: $first, after: $after) {
       nodes { recordId kind isGone version at mayRepeat } pageInfo { hasNextPage endCursor } startsOver } } }`,
    { after, first },
  );
  expect([status, body.errors]).toEqual([200, undefined]);
  return body.data.changes.certEu;
}

/** The records of a list that may be subscribed to: all but those marked RED. */
async function listed(field: string): Promise<readonly string[]> {
  const { body } = await ask(
    standing(),
    analyst,
    `{ list: ${field}(first: 100) { nodes { id envelope { marking { tlp } } } pageInfo { hasNextPage } } }`,
  );
  const { nodes, pageInfo } = body.data.list;
  expect([field, pageInfo.hasNextPage]).toEqual([field, false]);
  const open = nodes.filter(
    (one: { envelope: { marking: { tlp: string } } }) => one.envelope.marking.tlp !== 'RED',
  );
  return open.map(({ id }: { id: string }) => id);
}

test('a client copies the records of a community by the changes, each once', async () => {
  const all: Page['nodes'][number][] = [];
  let page = await read(analyst, null);
  for (; page.pageInfo.hasNextPage; page = await read(analyst, page.pageInfo.endCursor))
    all.push(...page.nodes);
  all.push(...page.nodes);
  const ids = all.map(({ recordId }) => recordId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [kind, field] of [
    ['UNION_INCIDENT', 'unionIncidents'],
    ['THREAT_PRODUCT', 'threatProducts'],
  ] as const) {
    const copied = all.filter((one) => one.kind === kind).map(({ recordId }) => recordId);
    expect(copied.length).toBeGreaterThan(0);
    expect(copied.toSorted()).toEqual((await listed(field)).toSorted());
  }

  const some = ids.slice(0, 3);
  const found = await ask(standing(), analyst, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: some,
  });
  expect(found.body.data.nodes.map(({ id }: { id: string }) => id)).toEqual(some);
});

test('says what is expected of kinds and cursors, and counts readings of one community', async () => {
  const cursor = await asked('{ changes { certEu(after: "nonsense") { nodes { recordId } } } }');
  expect(cursor.body.errors).toMatchObject([{ extensions: { code: 'BAD_CURSOR' } }]);
  const kind = await asked('{ changes(kinds: [NOTHING]) { certEu { nodes { recordId } } } }');
  expect(kind.status).toBe(400);
  const many = Array.from({ length: 6 }, (_, at) => `a${at}: changes { certEu { nodes { recordId } } }`);
  expect((await asked(`{ ${many.join(' ')} }`)).body.errors).toMatchObject([
    { extensions: { code: 'OPERATION_TOO_LARGE' } },
  ]);
});
