import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { readSecrets, signedHeaders } from '../../../gateway/webhooks/signature.ts';

const [older, newer] = [24, 64].map((length) => Buffer.alloc(length, length));
const secretOf = (bytes: Buffer | undefined) => `whsec_${bytes?.toString('base64')}`;
const message = { id: 'msg_1', timestamp: Math.floor(Date.now() / 1000), body: '{"type":"jcu.notice"}' };

test('signs a message so that the library of Standard Webhooks verifies it with each valid secret', () => {
  const secrets = readSecrets(JSON.stringify({ 'csirt-pl': [secretOf(newer), secretOf(older)] }));
  const headers = signedHeaders(message, secrets.get('csirt-pl') ?? []);
  for (const secret of [older, newer])
    expect(new Webhook(secretOf(secret)).verify(message.body, headers)).toEqual({ type: 'jcu.notice' });
  const other = new Webhook(secretOf(Buffer.alloc(32, 1)));
  expect(() => other.verify(message.body, headers)).toThrow('No matching signature');
  for (const changed of [{ id: 'msg_2' }, { timestamp: message.timestamp + 1 }]) {
    const own = signedHeaders({ ...message, ...changed }, secrets.get('csirt-pl') ?? []);
    const replayed = { ...own, 'webhook-signature': String(headers['webhook-signature']) };
    expect(() => new Webhook(secretOf(newer)).verify(message.body, replayed)).toThrow(
      'No matching signature',
    );
  }
});

test('signs as the example of the specification', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const [own] = readSecrets(JSON.stringify({ example: [secret] })).get('example') ?? [];
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const example = { id, timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
  expect(signedHeaders(example, [own ?? Buffer.alloc(0)])).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['a name without secrets', '{"a":[]}'],
  ['a secret that is no list', '{"a":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}'],
  ['another prefix', '{"a":["secret_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}'],
  ['a short secret', '{"a":["whsec_MfKQ9r8GKYqrTwjU"]}'],
  ['a long secret', JSON.stringify({ a: [secretOf(Buffer.alloc(65))] })],
  ['text that is not base64', '{"a":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"]}'],
  ['too many secrets', JSON.stringify({ a: Array.from({ length: 4 }, () => secretOf(older)) })],
])('refuses a file of secrets with %s, and never quotes a secret', (_what, text) => {
  const read = () => readSecrets(text);
  expect(read).toThrow('JCU_WEBHOOK_SECRETS_FILE: ');
  expect(read).not.toThrow('MfKQ9r8G');
});
