import { expect, test } from '@jest/globals';
import { prepare, type Stages } from '../../../gateway/answer.ts';
import { findProposals } from '../../../gateway/addressed/settle-proposals.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import { createParse } from '../../../gateway/request/parse.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';
import { grantIdOf } from '../../../schema/record/release.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';
import { World } from '../live/world.ts';

/** The proposed releases that an operation confirms or withdraws, whose places in the registry the hub settles. */

const record = 'MispEvent:q3Jr0cXoT1y2bV8kLw5zSg';
const until = '2099-01-01T00:00:00.000Z';
const proposed = {
  id: 'r-1',
  to: { id: 'Organisation:csirt-pl' },
  until,
  proposal: { state: 'PROPOSED', person: 'u-1', confirmBy: '2098-12-31T00:00:00.000Z' },
};
const terms = { by: 'cert-eu', to: 'csirt-pl', until: new Date(until) };
const grant = {
  ...terms,
  _id: grantIdOf({ ...terms, proposal: { person: 'u-1' } }),
  person: 'u-1',
  lapsesAt: new Date('2098-12-31T00:01:00.000Z'),
};

const payload = '{ version userErrors { code } }';
const input = '(input: { key: "k", id: $id, expectedVersion: 1, release: "r-1", reason: "EXERCISE" })';
const confirm = `mutation C($id: ID!) { confirmReleaseOfCertEuRecord${input} ${payload} }`;
const end = `mutation E($id: ID!) { endReleaseOfCertEuRecord${input} ${payload} }`;

/** Finds the proposals of an operation while the record shows some releases, or while its community is down. */
async function found(query: string, releases: readonly object[] | null, isDown = false) {
  const reader = readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst'] });
  const at = new Date();
  const context = {
    reader,
    at,
    policy,
    correlationId: 'c',
    deadline: at.getTime() + 1000,
    signal: new AbortController().signal,
    setHeaders: () => undefined,
    observed: new Observed(),
  } as unknown as RequestContext;
  const { stages } = await World.open();
  const read: string[] = [];
  const gather: Stages['gather'] = async ({ variables }) => {
    read.push(String(variables.coerced['id']));
    const collected = createCollected();
    if (isDown) collected.failedSubgraphs.add('cert-eu');
    const named = releases === null ? null : { id: record, envelope: { releases } };
    const written = new WrittenData(JSON.stringify({ named }));
    return await Promise.resolve({ written, given: null, collected });
  };
  const prepared = await prepare(createParse()({ query, variables: { id: record } }), context, stages);
  if ('errors' in prepared) throw new Error(JSON.stringify(prepared.errors));
  const proposals = await findProposals(prepared, context, { ...stages, gather });
  return { proposals, read };
}

test('finds the grant of a proposal that is confirmed or withdrawn', async () => {
  for (const [query, act] of [
    [confirm, 'confirm'],
    [end, 'withdraw'],
  ] as const)
    expect(await found(query, [{ ...proposed, id: 'r-0' }, proposed])).toEqual({
      proposals: [{ release: 'r-1', grant, act }],
      read: [record],
    });
});

test('finds the grant of a proposal that has lapsed, so that its place becomes free', async () => {
  const lapsed = { ...proposed, proposal: { ...proposed.proposal, state: 'LAPSED' } };
  for (const query of [confirm, end])
    expect((await found(query, [lapsed])).proposals).toMatchObject([{ release: 'r-1', act: 'lapsed' }]);
});

test('finds nothing for a record that shows no such proposal to the reader', async () => {
  const ended = { ...proposed, proposal: { ...proposed.proposal, state: 'ACTIVE' } };
  for (const releases of [null, [], [{ ...proposed, id: 'r-0' }], [ended], [{ ...proposed, proposal: null }]])
    expect((await found(end, releases)).proposals).toEqual([]);
});

test('reads no record for another change and for a query', async () => {
  const other = `mutation R($id: ID!) { retractCertEuRecord(input: { key: "k", id: $id, expectedVersion: 1, reason: "EXERCISE" }) ${payload} }`;
  const query = 'query Q($id: ID!) { mispEvent(id: $id) { id } }';
  for (const text of [other, query])
    expect(await found(text, [proposed])).toEqual({ proposals: [], read: [] });
});

/** Repeats the field of an operation under different aliases. */
const repeated = (text: string, times: number, alias = 'f') =>
  Array.from({ length: times }, (_, at) => `${alias}${at}: ${text.slice(text.indexOf('{') + 1, -1)}`).join(
    ' ',
  );

test('reads at most three records of withdrawn proposals', async () => {
  const { read } = await found(`mutation E($id: ID!) { ${repeated(end, 4)} }`, [proposed]);
  expect(read).toHaveLength(3);
});

test('finds each proposal that is confirmed, also after many that are withdrawn', async () => {
  const query = `mutation C($id: ID!) { ${repeated(end, 4)} ${repeated(confirm, 3, 'c')} }`;
  const { proposals } = await found(query, [proposed]);
  expect(proposals.filter(({ act }) => act === 'confirm')).toHaveLength(3);
});

test('refuses more confirmations than it looks up, because the registry would end the others', async () => {
  await expect(found(`mutation C($id: ID!) { ${repeated(confirm, 4)} }`, [proposed])).rejects.toMatchObject({
    code: 'OPERATION_TOO_LARGE',
    message: 'expected at most 3 confirmed releases in an operation, got 4',
  });
});

test('fails while the community does not answer, because a confirmed release would lose its place', async () => {
  await expect(found(confirm, [proposed], true)).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
});
