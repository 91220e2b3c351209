import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSecretKey, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Agent } from 'undici';
import { AnswerSizes } from '../../../gateway/dispatch/answer-size.ts';
import { createAsk } from '../../../gateway/dispatch/ask-subgraph.ts';
import { createAgent } from '../../../gateway/dispatch/fetch-subgraph.ts';
import { Sessions } from '../../../gateway/dispatch/hub-sessions.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';

let server: Server;
let agent: Agent;
/** The claims of the last assertion. */
let claims: Readonly<Record<string, unknown>> = {};

beforeAll(async () => {
  server = createServer(({ headers: { authorization = '' } }, response) => {
    const [, text = ''] = authorization.split('.');
    claims = JSON.parse(Buffer.from(text, 'base64url').toString()) as typeof claims;
    response.end('{"data":{"a":1},"extensions":{"disclosed":[]}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = createAgent();
});

afterAll(async () => {
  await agent.close();
  server.close();
});

async function askAs(community: string, context: RequestContext): Promise<void> {
  const session = {
    id: 's1',
    deployment: 'trial',
    community,
    key: createSecretKey(randomBytes(32)),
    endsAt: new Date('2099-01-01'),
  };
  const agree = async () => await Promise.resolve({ session, signedBy: 'k' });
  const sessions = new Sessions(agree, () => 'k', { warn: () => undefined });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ask = createAsk({ url, deadlineMs: 5000, agent }, sessions);
  const size = new AnswerSizes().start(community, { bytes: 0 });
  await ask('{}', context, { size, signal: null });
}

function contextOf(more: Partial<RequestContext>): RequestContext {
  return {
    reader: readerOf(),
    token: { clientId: 'test', id: null },
    budget: undefined,
    expiresAt: new Date('2099-01-01'),
    correlationId: 'c',
    at: new Date(),
    policy,
    deadline: Date.now() + 5000,
    signal: new AbortController().signal,
    setHeaders: () => undefined,
    observed: new Observed(),
    ...more,
  };
}

test('states the persons of a release to the community that has the record only', async () => {
  const members = [{ organisation: 'csirt-de', subject: 'u-1' }];
  const context = contextOf({ members: new Map([['defence', members]]) });
  await askAs('defence', context);
  expect(claims['members']).toEqual(members);
  await askAs('cert-eu', context);
  expect(claims).not.toHaveProperty('members');
});

test('states the addressees of a change to the community that keeps the new record only', async () => {
  const statement = { record: 'MispEvent:1', organisations: ['csirt-de'] };
  const context = contextOf({ addressed: { community: 'joint-unit', statement } });
  await askAs('joint-unit', context);
  expect(claims['addressed']).toEqual(statement);
  await askAs('cert-eu', context);
  expect(claims).not.toHaveProperty('addressed');
});
