import { describe, expect, test } from '@jest/globals';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  printSchema,
} from 'graphql';
import { read } from '../../schema/sources.ts';
import { ask, standing } from '../helpers/ask.ts';

const whole = buildSchema(read('published.graphql'));

async function schemaOf(as: string) {
  const { body } = await ask(standing(), as, getIntrospectionQuery());
  expect(body.errors).toBeUndefined();
  return buildClientSchema(body.data as IntrospectionQuery);
}

test.each(['cert-eu-analyst', 'private-partner', 'policy-auditor', 'hub-administrator', 'connector'])(
  'a standard client builds its schema from what %s is shown, and all of it is in the published one',
  async (as) => {
    const shown = await schemaOf(as);
    for (const name of Object.keys(shown.getTypeMap())) expect(whole.getType(name)).toBeDefined();
    expect(shown.getQueryType()?.getFields()).toHaveProperty('vulnerability');
  },
);

test('an auditor is shown no type of a record, an analyst is', async () => {
  expect(printSchema(await schemaOf('policy-auditor'))).not.toMatch(/advisor|misp|envelope|tlp/i);
  expect((await schemaOf('cert-eu-analyst')).getType('Advisory')).toBeDefined();
});

const withoutId = (text: string) => text.replace(/"correlationId":"[^"]+"/, '');

test('a type that is hidden from a kind answers like one that does not exist, byte for byte', async () => {
  const query = 'query ($name: String!) { __type(name: $name) { name kind fields { name } } }';
  const [hidden, absent] = await Promise.all(
    ['Advisory', 'Advisorx'].map(async (name) => await ask(standing(), 'policy-auditor', query, { name })),
  );
  expect(withoutId(hidden?.text ?? '')).toBe(withoutId(absent?.text ?? ''));
  expect(hidden?.body.data).toEqual({ __type: null });
});

describe('a mistake', () => {
  test.each([
    ['of a root field', '{ advisoriez { nodes { id } } }', 'advisories'],
    ['of a field', '{ vulnerability(id: "CVE-2099-10001") { advisoriez { nodes { id } } } }', 'advisories'],
    ['of a type', '{ vulnerability(id: "CVE-2099-10001") { ... on Advisori { id } } }', 'Advisory'],
    ['of a variable’s type', 'query ($f: AdvisoryFilte) { memberStates { code } }', 'AdvisoryFilter'],
  ])(
    '%s suggests what the reader’s kind may use, and to an auditor nothing of records',
    async (_what, query, hint) => {
      const analyst = await ask(standing(), 'cert-eu-analyst', query);
      const auditor = await ask(standing(), 'policy-auditor', query);
      expect([analyst.status, auditor.status]).toEqual([400, 400]);
      expect(JSON.stringify(analyst.body.errors)).toContain(hint);
      expect(
        JSON.stringify(auditor.body.errors).replaceAll(/Advisori|AdvisoryFilte|advisoriez/g, ''),
      ).not.toMatch(/advisor/i);
    },
  );

  test('inside of what is hidden tells an auditor no more than a mistake inside of nothing', async () => {
    const ofHidden = await ask(standing(), 'policy-auditor', '{ advisories { nodez { id } } }');
    const ofNothing = await ask(standing(), 'policy-auditor', '{ advisoriez { nodez { id } } }');
    expect(ofHidden.body.errors.length).toBe(ofNothing.body.errors.length);
    expect(JSON.stringify(ofHidden.body.errors)).not.toContain('AdvisoryConnection');
  });
});

test('a query that a client’s generated types allow is answered: what is refused is null, with one constant error', async () => {
  const query =
    '{ __type(name: "Query") { name } memberState(code: "FR") { name } advisories { nodes { id } } }';
  const { status, body } = await ask(standing(), 'policy-auditor', query);
  expect(status).toBe(200);
  expect(body.data).toEqual({ __type: { name: 'Query' }, memberState: { name: 'France' }, advisories: null });
  expect(body.errors).toEqual([{ message: expect.any(String), extensions: { code: 'REFUSED' } }]);
});

test('introspection that multiplies itself is refused before anything is built', async () => {
  const nest = (depth: number): string =>
    depth === 0 ? 'name' : `name fields { type { ${nest(depth - 1)} } }`;
  const { status, body } = await ask(standing(), 'cert-eu-analyst', `{ __schema { types { ${nest(6)} } } }`);
  expect(status).toBe(400);
  expect(body.data ?? null).toBeNull();
});
