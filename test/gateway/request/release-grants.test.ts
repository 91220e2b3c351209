import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import type { GrantEntry } from '../../../gateway/registry/grants.ts';
import { enterGrants } from '../../../gateway/request/release-grants.ts';
import { grantIdOf } from '../../../schema/record/release.ts';

const schema = buildSchema(`
  type Query { a: Int }
  type Mutation { release(input: ReleaseRecordInput!): Int mark(input: MarkInput!): Int }
  input MarkInput { id: ID! key: ID! to: ID until: String }
  input ReleaseRecordInput { id: ID! key: ID! to: ID! until: String! }`);

const now = new Date('2026-11-03T10:00:00Z');
const until = '2026-12-01T00:00:00Z';
const terms = { by: 'defence', to: 'csirt-pl', until: new Date(until) };

async function entered(text: string, isKept = true): Promise<readonly GrantEntry[]> {
  const kept: GrantEntry[] = [];
  const registry = {
    keepGrants: async (entries: readonly GrantEntry[]) => {
      kept.push(...entries);
      return await Promise.resolve(isKept);
    },
  };
  const reader = { organisation: 'defence' };
  await enterGrants(parse(text), { until }, schema, { registry, reader, now });
  return kept;
}

const releaseOf = (more: string) =>
  `mutation M($until: String!) { release(input: { id: "X:1", key: "k", ${more} }) }`;

test('enters the grant of a release for the organisation of the reader, until its end', async () => {
  const { by, to } = terms;
  const grant = { _id: grantIdOf(terms), by, to, until: new Date(until) };
  expect(await entered(releaseOf('to: "csirt-pl", until: $until'))).toEqual([grant]);
  expect(await entered(releaseOf('to: "Organisation:csirt-pl", until: $until'))).toEqual([grant]);
});

test('gives a grant with other terms another id, so that none has the end of another', () => {
  const others = [{ by: 'enisa' }, { to: 'csirt-fr' }, { until: new Date('2026-12-02T00:00:00Z') }];
  const ids = [{}, ...others].map((one) => grantIdOf({ ...terms, ...one }));
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  ['a malformed organisation', releaseOf('to: "Not An Id", until: $until')],
  ['a malformed end', releaseOf('to: "csirt-pl", until: "soon"')],
  ['an end in the far future', releaseOf('to: "csirt-pl", until: "9999-01-01T00:00:00Z"')],
  ['an end that has passed', releaseOf('to: "csirt-pl", until: "2026-11-03T10:00:00Z"')],
  [
    'another change',
    'mutation M($until: String!) { mark(input: { id: "X:1", key: "k", to: "csirt-pl", until: $until }) }',
  ],
])('enters nothing for %s', async (_what, text) => {
  expect(await entered(text)).toEqual([]);
});

test('refuses a release while the organisation has too many grants', async () => {
  await expect(entered(releaseOf('to: "csirt-pl", until: $until'), false)).rejects.toMatchObject({
    code: 'TOO_MANY_GRANTS',
  });
});
