import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, standing } from '../helpers/ask.ts';

const analyst = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };

/** The binary of the compiler for this platform; null if it has none. */
const compiler = createRequire(import.meta.url)('relay-compiler') as string | null;
const describeRelay = compiler === null ? describe.skip : describe;

/** A component of an application with Relay: it shows a vulnerability, and pages the statements below it. */
const component = `
const { graphql } = require('relay-runtime');
graphql\`
  query StatementsQuery($id: String!) {
    vulnerability(id: $id) { ...Statements_vulnerability }
  }
\`;
graphql\`
  fragment Statements_vulnerability on Vulnerability
  @refetchable(queryName: "StatementsRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 1 }, after: { type: "String" }) {
    name
    exploitation(first: $first, after: $after) @connection(key: "Statements_exploitation") {
      edges { node { catalogue } }
    }
  }
\`;
`;

/** Compiles the component against the published schema. Returns the texts of its queries by their names. */
function compile(binary: string): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'jcu-relay-'));
  try {
    const config = {
      src: './src',
      schema: './schema.graphql',
      language: 'javascript',
      artifactDirectory: './generated',
      persistConfig: { file: './operations.json', algorithm: 'SHA256' },
    };
    for (const name of ['src', 'generated']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(config));
    writeFileSync(join(folder, 'operations.json'), '{}');
    writeFileSync(join(folder, 'src', 'Statements.js'), component);
    copyFileSync('schema/published.graphql', join(folder, 'schema.graphql'));
    execFileSync(binary, ['relay.config.json'], { cwd: folder, stdio: 'pipe' });
    const texts: Readonly<Record<string, string>> = JSON.parse(
      readFileSync(join(folder, 'operations.json'), 'utf8'),
    );
    return new Map(Object.values(texts).map((text) => [/^query (\w+)/.exec(text)?.[1] ?? '', text]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeRelay('an application with Relay', () => {
  test('pages and refetches a nested list with the queries that Relay compiles', async () => {
    const queries = compile(compiler ?? '');
    expect([...queries.keys()].toSorted()).toEqual(['StatementsQuery', 'StatementsRefetchQuery']);
    const first = await ask(standing(), analyst, queries.get('StatementsQuery') ?? '', {
      id: 'CVE-2099-10001',
    });
    expect(first.body.errors).toBeUndefined();
    const { id, exploitation } = first.body.data.vulnerability;
    expect([id, exploitation.edges.length, exploitation.pageInfo.hasNextPage]).toEqual([
      'Vulnerability:CVE-2099-10001',
      1,
      true,
    ]);

    const refetch = queries.get('StatementsRefetchQuery') ?? '';
    const after = exploitation.pageInfo.endCursor;
    const next = await ask(standing(), analyst, refetch, { id, first: 1, after });
    expect(next.body.errors).toBeUndefined();
    expect(next.body.data.node).toMatchObject({ __typename: 'Vulnerability', id });
    const [edge] = next.body.data.node.exploitation.edges;
    expect(edge.node.id).not.toBe(exploitation.edges[0].node.id);
    // The page is the one that the look-up gives.
    const list = `exploitation(first: 1, after: $after) { edges { node { id catalogue __typename } cursor } }`;
    const looked = await ask(
      standing(),
      analyst,
      `query ($after: String) { vulnerability(id: "CVE-2099-10001") { ${list} } }`,
      { after },
    );
    expect(looked.body.data.vulnerability.exploitation.edges[0].node).toEqual(edge.node);
  });

  test('shows Relay that an object is gone, and an error at its place', async () => {
    const refetch = compile(compiler ?? '').get('StatementsRefetchQuery') ?? '';
    const gone = await ask(standing(), analyst, refetch, { id: 'Vulnerability:nothing' });
    expect([gone.status, gone.body.data, gone.body.errors]).toEqual([200, { node: null }, undefined]);
    const variables = { id: 'Vulnerability:CVE-2099-10001', after: 'forged' };
    const { body } = await ask(standing(), analyst, refetch, variables);
    expect(body.errors).toEqual([
      expect.objectContaining({
        path: ['node', 'exploitation'],
        extensions: expect.objectContaining({ code: 'BAD_CURSOR' }),
      }),
    ]);
  });
});
