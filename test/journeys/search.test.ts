import { expect, test } from '@jest/globals';
import { ask, standing } from '../helpers/ask.ts';
import { testOnReal } from '../helpers/real.ts';

const analyst = { as: 'cert-eu-analyst', purpose: 'incident-response' };
const hit = 'nodes { id kind title matches { field excerpt { text isMatch } } }';

testOnReal('finds what each community holds on a vulnerability, the entity first', async () => {
  const { status, body } = await ask(
    standing(),
    analyst,
    `{ search(text: "CVE-2025-53770") {
         text vulnerabilities { name } threatActors { name } indicators { value }
         enisa(first: 5) { ${hit} } certEu(first: 5) { ${hit} } } }`,
  );
  expect([status, body.errors]).toEqual([200, undefined]);
  const { search } = body.data;
  expect(search).toMatchObject({
    text: 'CVE-2025-53770',
    vulnerabilities: [{ name: 'CVE-2025-53770' }],
    threatActors: [],
    indicators: [],
  });
  const kinds = search.enisa.nodes.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toContain('EXPLOITATION_STATEMENT');
  expect(search.certEu.nodes[0]).toMatchObject({
    kind: 'ADVISORY',
    title: expect.stringMatching(/SharePoint/),
  });
  // The real files are public.
  expect(body.extensions.holds).toMatchObject({ tlp: 'CLEAR' });
});

testOnReal('pages through all hits once, and names the words in each', async () => {
  const found: string[] = [];
  for (let after: string | null = null, pages = 0; pages < 100; pages += 1) {
    const { body } = await ask(
      standing(),
      analyst,
      `query ($after: String) { search(text: "fortinet") { certEu(first: 7, after: $after) {
         ${hit} pageInfo { hasNextPage endCursor } } } }`,
      { after },
    );
    const { nodes, pageInfo } = body.data.search.certEu;
    for (const { id, matches } of nodes) {
      found.push(id);
      const marked = matches.flatMap(({ excerpt }: { excerpt: { text: string; isMatch: boolean }[] }) =>
        excerpt.filter(({ isMatch }) => isMatch).map(({ text }) => text.toLowerCase()),
      );
      expect(marked.join(' ')).toContain('fortinet');
    }
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  expect(found.length).toBeGreaterThan(7);
  expect(new Set(found).size).toBe(found.length);
});

testOnReal('suggests the names that a text begins', async () => {
  const { body } = await ask(
    standing(),
    analyst,
    '{ suggest(text: "sandw") { certEu { title kind } defence { title kind } } }',
  );
  const titles = body.data.suggest.certEu.map(({ title }: { title: string }) => title);
  expect(titles).toContain('Sandworm');
  expect(body.data.suggest.defence).toContainEqual({ title: 'Sandworm Team', kind: 'ATTACK_GROUP' });
});

test('returns no hit for a text without words, and rejects a text, words or a cursor that is not valid', async () => {
  const empty = await ask(standing(), analyst, '{ search(text: " -- ") { certEu { nodes { id } } } }');
  expect(empty.body.data.search.certEu).toEqual({ nodes: [] });
  const long = await ask(standing(), analyst, 'query ($text: String!) { search(text: $text) { text } }', {
    text: 'x'.repeat(201),
  });
  expect(long.body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  const words = Array.from({ length: 11 }, (_, at) => `word${at}`).join(' ');
  const many = await ask(
    standing(),
    analyst,
    'query ($text: String!) { search(text: $text) { certEu { nodes { id } } } }',
    { text: words },
  );
  expect(many.body.data.search.certEu).toBeNull();
  expect(many.body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  const cursor = await ask(
    standing(),
    analyst,
    '{ search(text: "a") { certEu(after: "nonsense") { nodes { id } } } }',
  );
  expect(cursor.body.errors).toMatchObject([{ extensions: { code: 'BAD_CURSOR' } }]);
});
