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
  'lets a standard client build a schema as %s, which is part of the published schema',
  async (as) => {
    const shown = await schemaOf(as);
    for (const name of Object.keys(shown.getTypeMap())) expect(whole.getType(name)).toBeDefined();
    expect(shown.getQueryType()?.getFields()).toHaveProperty('vulnerability');
  },
);

test('shows record types to an analyst, but not to an auditor', async () => {
  expect(printSchema(await schemaOf('policy-auditor'))).not.toMatch(
    /advisor|misp(?! taxonomy)|envelope|audience/i,
  );
  expect((await schemaOf('cert-eu-analyst')).getType('Advisory')).toBeDefined();
});

const withoutId = (text: string) => text.replace(/"correlationId":"[^"]+"/, '');

test('answers for a hidden type as for a missing type, byte for byte', async () => {
  const query = 'query ($name: String!) { __type(name: $name) { name kind fields { name } } }';
  const [hidden, absent] = await Promise.all(
    ['Advisory', 'Advisorx'].map(async (name) => await ask(standing(), 'policy-auditor', query, { name })),
  );
  expect(withoutId(hidden?.text ?? '')).toBe(withoutId(absent?.text ?? ''));
  expect(hidden?.body.data).toEqual({ __type: null });
});

describe('a validation error', () => {
  test.each([
    ['of a root field', '{ advisoriez { nodes { id } } }', 'advisories'],
    ['of a field', '{ vulnerability(id: "CVE-2099-10001") { advisoriez { nodes { id } } } }', 'advisories'],
    ['of a type', '{ vulnerability(id: "CVE-2099-10001") { ... on Advisori { id } } }', 'Advisory'],
    ['of an argument', '{ advisories(filtre: {}) { nodes { id } } }', 'filter'],
    ['of a member', '{ advisories(filter: {seriall: "S"}) { nodes { id } } }', 'serial'],
    ['of a value', '{ mispEvents(filter: {threatLevel: HIGHT}) { nodes { id } } }', 'HIGH'],
    ['of a fragment’s type', '{ ...F } fragment F on Advisori { id }', 'Advisory'],
    ['of a variable’s type', 'query ($f: AdvisoryFilte) { memberStates { code } }', 'AdvisoryFilter'],
  ])(
    '%s suggests names that the reader’s kind may use, and no record names to an auditor',
    async (_what, query, hint) => {
      const analyst = await ask(standing(), 'cert-eu-analyst', query);
      const auditor = await ask(standing(), 'policy-auditor', query);
      expect([analyst.status, auditor.status]).toEqual([400, 400]);
      expect(JSON.stringify(analyst.body.errors)).toContain(hint);
      expect(
        JSON.stringify(auditor.body.errors).replaceAll(
          /Advisori\b|AdvisoryFilte\b|\b(advisoriez|advisories|mispEvents)\b/g,
          '',
        ),
      ).not.toMatch(/advisor|serial|Event|HIGH"|"filter"|did you mean/i);
    },
  );

  test('inside a hidden field reveals no more to an auditor than one inside a missing field', async () => {
    const ofHidden = await ask(standing(), 'policy-auditor', '{ advisories { nodez { id } } }');
    const ofNothing = await ask(standing(), 'policy-auditor', '{ advisoriez { nodez { id } } }');
    expect(ofHidden.body.errors.length).toBe(ofNothing.body.errors.length);
    expect(JSON.stringify(ofHidden.body.errors)).not.toContain('AdvisoryConnection');
  });
});

test('answers a query of generated types with null and one constant error for refused fields', async () => {
  const query =
    '{ __type(name: "Query") { name } memberState(code: "FR") { name } advisories { nodes { id } } }';
  const { status, body } = await ask(standing(), 'policy-auditor', query);
  expect(status).toBe(200);
  expect(body.data).toEqual({ __type: { name: 'Query' }, memberState: { name: 'France' }, advisories: null });
  expect(body.errors).toEqual([
    {
      message: expect.any(String),
      path: ['advisories'],
      extensions: { code: 'REFUSED', coordinates: ['Query.advisories'] },
    },
  ]);
});

test('refuses introspection that multiplies its size, before the result is built', async () => {
  const nest = (depth: number): string =>
    depth === 0 ? 'name' : `name fields { type { ${nest(depth - 1)} } }`;
  const { status, body } = await ask(standing(), 'cert-eu-analyst', `{ __schema { types { ${nest(6)} } } }`);
  expect(status).toBe(400);
  expect(body.data ?? null).toBeNull();
});

test('prunes a variable of a hidden type together with its field, and nothing else', async () => {
  const query = `query ($f: AdvisoryFilter, $n: String!) {
    memberState(code: "FR") { name } t: __type(name: $n) { name } advisories(filter: $f) { nodes { id } } }`;
  const variables = { f: { serial: 'S' }, n: 'Query' };
  const { status, body, text } = await ask(standing(), 'policy-auditor', query, variables);
  expect(status).toBe(200);
  expect(body.data).toEqual({ memberState: { name: 'France' }, t: { name: 'Query' }, advisories: null });
  expect(text.indexOf('"memberState"')).toBeLessThan(text.indexOf('"t"'));
  expect(body.errors).toEqual([
    {
      message: expect.any(String),
      path: ['advisories'],
      extensions: { code: 'REFUSED', coordinates: ['Query.advisories'] },
    },
  ]);
});

test('answers a variable of the wrong type with one constant, whether or not the type is hidden', async () => {
  const ofHidden = 'query ($f: AdvisoryFilter) { advisories(filter: $f) { nodes { id } } }';
  const ofShown = 'query ($n: String!) { __type(name: $n) { name } }';
  const answers = await Promise.all([
    ask(standing(), 'policy-auditor', ofHidden, { f: { serail: 'S' } }),
    ask(standing(), 'cert-eu-analyst', ofHidden, { f: { serail: 'S' } }),
    ask(standing(), 'policy-auditor', ofShown),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers[0]?.body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
});

test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
  'answers a refused field with null, also under the alias %s',
  async (name) => {
    const query = `{ ${name}: advisories { nodes { id } } memberState(code: "FR") { ${name}: name } }`;
    const { text } = await ask(standing(), 'policy-auditor', query);
    expect(text).toContain(`"data":{"${name}":null,"memberState":{"${name}":"France"}}`);
    const alone = await ask(
      standing(),
      'policy-auditor',
      `{ ${name}: advisory(id: "Advisory:x") { serial } }`,
    );
    expect(alone.text).toContain(`"data":{"${name}":null}`);
  },
);

test('reports no refusal for a field that the client skips', async () => {
  const query = `query ($on: Boolean!) { memberState(code: "FR") { name exploitation @include(if: $on) { nodes { id } } } }`;
  const without = await ask(standing(), 'policy-auditor', query, { on: false });
  expect(without.body.errors).toBeUndefined();
  expect(without.body.data).toEqual({ memberState: { name: 'France' } });
  for (const [nothing, data] of [
    ['{ advisories @skip(if: true) { nodes { id } } }', {}],
    ['{ memberState(code: "FR") { exploitation @skip(if: true) { nodes { id } } } }', { memberState: {} }],
  ] as const) {
    const { body } = await ask(standing(), 'policy-auditor', nothing);
    expect([body.data, body.errors]).toEqual([data, undefined]);
  }
  const asked = await ask(standing(), 'policy-auditor', query, { on: true });
  expect(asked.body.data).toEqual({ memberState: { name: 'France', exploitation: null } });
  expect(asked.body.errors).toHaveLength(1);
});

test('refuses a few kilobytes of aliases that would repeat the schema a thousand times', async () => {
  const names = Array.from({ length: 1500 }, (_, at) => `a${at}: name`).join(' ');
  const query = `{ __schema { types { fields { type { fields { ${names} } } } } } }`;
  const { status, body } = await ask(standing(), 'cert-eu-analyst', query);
  expect([status, body.errors[0].extensions.code]).toEqual([400, 'OPERATION_TOO_LARGE']);
});
