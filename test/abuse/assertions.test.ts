import { expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CryptoKey, generateKeyPair, importJWK } from 'jose';
import { type Assertion, signAssertion } from '../../schema/assertion.ts';
import { readPolicy } from '../../schema/policy/load.ts';
import { post, standing } from '../helpers/ask.ts';
import { readerOf } from '../helpers/records.ts';

const assertion: Assertion = {
  reader: readerOf(),
  policy: readPolicy().version,
  deployment: 'trial',
  correlationId: randomUUID(),
};
const body = JSON.stringify({ query: '{ advisories(first: 1) { nodes { id } } }' });

function subgraph(name: string): string {
  return standing().parts[name] ?? '';
}

async function hubKey() {
  const jwk = JSON.parse(readFileSync(join(standing().home, 'hub-signing-key.json'), 'utf8'));
  return { id: String(jwk.kid), privateKey: (await importJWK(jwk, 'EdDSA')) as CryptoKey };
}

async function send(token: string | null, sent = body, name = 'cert-eu') {
  return await post(subgraph(name), sent, token === null ? {} : { authorization: `Bearer ${token}` });
}

async function expectShut(token: string | null, sent = body, name = 'cert-eu'): Promise<void> {
  const { status, text } = await send(token, sent, name);
  expect([status, text]).toEqual([401, '']);
}

test('the hub’s assertion opens the subgraph that it names, for that body, once', async () => {
  const token = await signAssertion(assertion, { audience: 'cert-eu', body }, await hubKey(), new Date());
  const { status, body: answer } = await send(token);
  expect(status).toBe(200);
  expect(answer.data.advisories.nodes).toBeDefined();
  await expectShut(token);
});

test('a subgraph called by anybody else answers 401 and nothing more', async () => {
  await expectShut(null);
  await expectShut('a.b.c');
  await expectShut(null, '{"query":"{ __schema { types { name } } }"}');
  await expectShut(null, 'no json at all');
});

test('an assertion for another subgraph, another body, another deployment or another second is shut out', async () => {
  const key = await hubKey();
  const now = new Date();
  const sign = async (changes: Partial<Assertion>, audience = 'cert-eu', of = body, at = now) =>
    await signAssertion({ ...assertion, ...changes }, { audience, body: of }, key, at);
  await expectShut(await sign({}, 'enisa'));
  await expectShut(await sign({}, 'cert-eu', body.replace('1', '2')));
  await expectShut(await sign({ deployment: 'another' }));
  await expectShut(await sign({}, 'cert-eu', body, new Date(now.getTime() - 60_000)));
  await expectShut(await sign({}, 'cert-eu', body, new Date(now.getTime() + 60_000)));
});

test('an assertion under a key that is not the hub’s is shut out, whatever name it bears', async () => {
  const { id } = await hubKey();
  const { privateKey } = await generateKeyPair('EdDSA');
  await expectShut(
    await signAssertion(assertion, { audience: 'cert-eu', body }, { id, privateKey }, new Date()),
  );
});

test('a subgraph decides by itself: what its reader may not read is not given even to the hub', async () => {
  const key = await hubKey();
  const ask = async (changes: Parameters<typeof readerOf>[0], query: string) => {
    const sent = JSON.stringify({ query });
    const vouched = { ...assertion, reader: readerOf({ picture: 'exercise:trial-2026', ...changes }) };
    return (
      await send(await signAssertion(vouched, { audience: 'cert-eu', body: sent }, key, new Date()), sent)
    ).body;
  };
  const events = '{ mispEvents { nodes { id } } }';
  expect((await ask({ organisation: 'cert-eu' }, events)).data.mispEvents.nodes).toHaveLength(3);
  expect(
    (await ask({ organisation: 'nordsee-energy', communities: [] }, events)).data.mispEvents.nodes,
  ).toEqual([]);
  const auditor = await ask({ organisation: 'cert-eu', roles: ['policy-auditor'] }, events);
  expect(auditor.data.mispEvents).toBeNull();
  expect(auditor.extensions.disclosed).toEqual([]);
  expect((await ask({}, '{ _service { sdl } }')).data?._service ?? null).toBeNull();
  expect((await ask({}, '{ __schema { types { name } } }')).errors[0].extensions.code).toBe(
    'GRAPHQL_VALIDATION_FAILED',
  );
});

test('forged references give nothing: foreign ids, operator objects, other types, hidden records', async () => {
  const key = await hubKey();
  const query =
    'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on MispEvent { info { value } } ... on Vulnerability { advisories { nodes { id } } } } }';
  const ask = async (representations: unknown) => {
    const sent = JSON.stringify({ query, variables: { r: representations } });
    const vouched = { ...assertion, reader: readerOf({ organisation: 'nordsee-energy', communities: [] }) };
    return (
      await send(await signAssertion(vouched, { audience: 'cert-eu', body: sent }, key, new Date()), sent)
    ).body;
  };
  for (const id of [
    'MispEvent:x',
    'Advisory:x',
    { $ne: null },
    ['MispEvent:x'],
    null,
    7,
    'MispEvent:' + 'x'.repeat(9000),
  ]) {
    const answer = await ask([{ __typename: 'MispEvent', id }]);
    expect(answer.data?._entities ?? [null]).toEqual([null]);
  }
  const operator = await ask([{ __typename: 'Vulnerability', id: { $gt: '' } }]);
  expect(operator.data._entities[0]?.advisories ?? null).toBeNull();
  expect(JSON.stringify(operator)).not.toContain('Advisory:');
});
