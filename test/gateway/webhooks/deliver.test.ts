import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { HubError } from '../../../schema/errors.ts';
import { deliver, type DeliverParts } from '../../../gateway/webhooks/deliver.ts';
import { type Delivery, Outbox } from '../../../gateway/webhooks/outbox.ts';
import type { ReadNotice } from '../../../gateway/webhooks/read-notice.ts';
import { createSend } from '../../../gateway/webhooks/send.ts';
import { key, ofTrial, openHubDb, webhookTo } from './place.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** One attempt at a delivery: real receivers, the hub's real store, and a notice that the test decides. */

let place: Awaited<ReturnType<typeof openHubDb>>;
let db: Db;
let outbox: Outbox;
let receiver: Receiver;
let sending: ReturnType<typeof createSend>;
const lines: string[] = [];

beforeAll(async () => {
  place = await openHubDb();
  ({ db } = place);
  outbox = new Outbox(db);
  receiver = await startReceiver();
  sending = createSend(ofTrial);
});
afterAll(async () => {
  await sending.stop();
  await receiver[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const name of ['webhookDeliveries', 'webhooksDisabled']) await db.collection(name).deleteMany({});
  (receiver.received as unknown[]).length = 0;
  receiver.answer = (response) => void response.writeHead(204).end();
  lines.length = 0;
});

const now = new Date('2026-11-29T10:00:00Z');
const notice: ReadNotice['notice'] = {
  id: 'JointUnitNotice:1',
  recordId: 'InformationRequest:1',
  thread: { id: 'Organisation:csirt-pl' },
  workflow: 'information-thread',
  event: 'MOVE',
  name: 'send',
  happenedAt: '2026-11-29T09:59:00.000Z',
  at: '2026-11-29T09:59:01.000Z',
};
const extensions = { picture: 'exercise:e-1', holds: null, correlationId: 'c-1' };
const note = (level: string) => (details: unknown, text?: string) =>
  void lines.push(JSON.stringify([level, details, text]));

function partsOf(changes: Partial<DeliverParts> = {}): DeliverParts {
  const webhook = webhookTo(receiver.url);
  return {
    outbox,
    webhookOf: (id) => (id === webhook._id ? webhook : null),
    secrets: () => new Map([['csirt-pl', [key]]]),
    networks: ofTrial,
    read: async () => await Promise.resolve({ notice, extensions }),
    send: sending.send,
    now: () => now,
    random: () => 0.5,
    log: { info: note('info'), warn: note('warn'), error: note('error') } as DeliverParts['log'],
    warnOnce: () => undefined,
    ...changes,
  };
}

async function claimed(at = now): Promise<Delivery> {
  await outbox.add({ community: 'joint-unit', notice: notice['id'] as string, webhooks: ['pl-desk'] }, now);
  const found = await outbox.claim(at, []);
  if (found === null) throw new Error('expected a delivery that is due');
  return found;
}

const attempt = async (changes: Partial<DeliverParts> = {}) =>
  await deliver(await claimed(), partsOf(changes), new AbortController().signal);
const hidden = async () => await Promise.resolve(null);
const unexpected = async () => await Promise.reject(new Error('it was read'));
const stored = async () => await db.collection<Delivery>('webhookDeliveries').findOne({});

test('sends exactly what the reader sees, signed over id, time and body', async () => {
  expect(await attempt()).toBe('sent');
  const [message] = receiver.received;
  expect([message?.method, message?.path]).toEqual(['POST', '/hooks?token=not-for-logs']);
  expect(JSON.parse(message?.body ?? '')).toEqual({
    type: 'jcu.notice',
    timestamp: notice.at,
    data: { community: 'joint-unit', ...notice },
    extensions,
  });
  const { headers } = message as NonNullable<typeof message>;
  expect(headers['webhook-timestamp']).toBe(String(now.getTime() / 1000));
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${message?.body}`;
  const expected = createHmac('sha256', key).update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  expect(await stored()).toMatchObject({ state: 'sent', _id: headers['webhook-id'], attempts: 0 });
});

test('signs with each secret while a secret is being replaced', async () => {
  const older = Buffer.alloc(24, 9);
  await attempt({ secrets: () => new Map([['csirt-pl', [key, older]]]) });
  expect(receiver.received[0]?.headers['webhook-signature']).toMatch(/^v1,[^ ]{44} v1,[^ ]{44}$/);
});

test.each([
  ['answers 500', (response) => void response.writeHead(500).end(), 'status 500'],
  ['answers 404', (response) => void response.writeHead(404).end(), 'status 404'],
  ['hangs up', (response) => void response.destroy(), /SOCKET|ECONNRESET/],
] as readonly [string, Receiver['answer'], string | RegExp][])(
  'tries again later when the receiver %s',
  async (_what, answer, reason) => {
    receiver.answer = answer;
    expect(await attempt()).toBe('failed');
    const delivery = await stored();
    expect(delivery).toMatchObject({ state: 'pending', attempts: 1, nextAt: new Date(now.getTime() + 5000) });
    expect(delivery?.reason).toMatch(reason);
  },
);

test('tries again later when nobody listens at the address', async () => {
  const gone = await startReceiver();
  await gone[Symbol.asyncDispose]();
  expect(await attempt({ webhookOf: () => webhookTo(gone.url) })).toBe('failed');
  expect((await stored())?.reason).toBe('ECONNREFUSED');
});

test('follows no redirect', async () => {
  const other = await startReceiver();
  receiver.answer = (response) => void response.writeHead(307, { location: other.url }).end();
  expect(await attempt()).toBe('failed');
  expect([(await stored())?.reason, other.received]).toEqual(['status 307', []]);
  await other[Symbol.asyncDispose]();
});

test('waits as long as the receiver asks for, if that is longer', async () => {
  receiver.answer = (response) => void response.writeHead(503, { 'retry-after': '3600' }).end();
  expect(await attempt()).toBe('failed');
  expect((await stored())?.nextAt).toEqual(new Date(now.getTime() + 3_600_000));
});

test('ends an attempt at a receiver that does not answer in time', async () => {
  receiver.answer = () => undefined;
  const hasty = createSend(ofTrial, 100);
  expect(await attempt({ send: hasty.send })).toBe('failed');
  expect((await stored())?.reason).toBe('TimeoutError');
  await hasty.stop();
});

test('takes the status of an answer without an end, and reads little of it', async () => {
  let written = 0;
  receiver.answer = (response) => {
    response.writeHead(200);
    const more = (): void => {
      if (response.destroyed || written > 200_000_000) return;
      written += 65_536;
      if (response.write(Buffer.alloc(65_536))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  };
  expect(await attempt()).toBe('sent');
  expect(written).toBeLessThan(50_000_000);
});

test('disables the address after 410, and keeps what is due for the operators', async () => {
  receiver.answer = (response) => void response.writeHead(410).end();
  expect(await attempt()).toBe('dead');
  expect(await stored()).toMatchObject({ state: 'dead', reason: 'status 410' });
  await outbox.revive({ webhook: 'pl-desk' }, now);
  expect(await attempt()).toBe('dead');
  expect([(await stored())?.reason, receiver.received.length]).toEqual(['the address is disabled', 1]);
  await outbox.enable('pl-desk');
  await outbox.revive({ webhook: 'pl-desk' }, now);
  receiver.answer = (response) => void response.writeHead(200).end('thank you');
  expect(await attempt()).toBe('sent');
});

test('keeps a delivery for the operators after ten attempts, each with the same id', async () => {
  receiver.answer = (response) => void response.writeHead(500).end();
  let at = now;
  const outcomes: string[] = [];
  for (let count = 0; count < 10; count += 1) {
    const own = await claimed(at);
    const moment = at;
    outcomes.push(await deliver(own, partsOf({ now: () => moment }), new AbortController().signal));
    at = (await stored())?.nextAt ?? at;
  }
  expect(outcomes).toEqual([...Array.from({ length: 9 }, () => 'failed'), 'dead']);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(receiver.received).toHaveLength(10);
  expect((await outbox.dead(10)).map(({ reason }) => reason)).toEqual(['status 500']);
});

test('sends nothing if the reader may not see the notice now, and not later either', async () => {
  expect(await attempt({ read: hidden })).toBe('withheld');
  expect([receiver.received, (await stored())?.state]).toEqual([[], 'withheld']);
  expect(await outbox.claim(new Date('2027-01-01'), [])).toBeNull();
});

test('decides again at each attempt', async () => {
  receiver.answer = (response) => void response.writeHead(500).end();
  await attempt();
  const later = new Date(now.getTime() + 5000);
  const own = await claimed(later);
  expect(await deliver(own, partsOf({ read: hidden, now: () => later }), new AbortController().signal)).toBe(
    'withheld',
  );
  expect(receiver.received).toHaveLength(1);
});

test('sends nothing of what was entered before the webhook began, or after it ended', async () => {
  const withheld = 'entered before the webhook began';
  expect(await attempt({ read: async () => await Promise.resolve({ withheld }) })).toBe('withheld');
  expect((await stored())?.reason).toBe(withheld);
  await db.collection('webhookDeliveries').deleteMany({});
  expect(await attempt({ webhookOf: () => null })).toBe('withheld');
  expect(receiver.received).toEqual([]);
});

test.each([
  [
    'the notice cannot be decided or recorded',
    { read: async () => await Promise.reject(new HubError('TRAIL_UNAVAILABLE')) },
  ],
  ['its secret is missing', { secrets: () => new Map() }],
])('sends nothing while %s, and counts no attempt', async (_what, changes: Partial<DeliverParts>) => {
  expect(await attempt(changes)).toBe('postponed');
  expect(receiver.received).toEqual([]);
  expect(await stored()).toMatchObject({
    state: 'pending',
    attempts: 0,
    nextAt: new Date(now.getTime() + 30_000),
  });
});

test.each(['http://10.0.0.1/', 'https://10.0.0.1/', 'https://169.254.169.254/', 'http://hooks.example/'])(
  'neither reads nor sends a notice for the address %s',
  async (url) => {
    expect(await attempt({ webhookOf: () => webhookTo(url), read: unexpected })).toBe('failed');
    expect((await stored())?.reason).toMatch(
      /^expected (an https URL|an address outside|the address of a server)/,
    );
  },
);

test('connects to no host for which DNS gives a private address', async () => {
  const found: LookupAddress[] = [{ address: '10.0.0.1', family: 4 }];
  const guarded = createSend({ ...ofTrial, production: true }, 2000, (_host, _options, give) =>
    give(null, found),
  );
  const message = { id: 'msg_1', timestamp: 1, body: '{}' };
  const { signal } = new AbortController();
  expect(await guarded.send('https://hooks.example/', message, [key], signal)).toMatchObject({
    kind: 'failed',
  });
  found[0] = { address: '127.0.0.1', family: 4 };
  const { port } = new URL(receiver.url);
  expect(await guarded.send(`http://hooks.example:${port}/`, message, [key], signal)).toMatchObject({
    kind: 'failed',
    reason: 'ADDRESS_REFUSED',
  });
  expect(receiver.received).toEqual([]);
  await guarded.stop();
});

test('writes neither an address nor a secret to the log', async () => {
  receiver.answer = (response) => void response.writeHead(410).end('SECRET-BODY');
  await attempt();
  await outbox.enable('pl-desk');
  await db.collection('webhookDeliveries').deleteMany({});
  expect(await attempt({ secrets: () => new Map() })).toBe('postponed');
  expect(lines.length).toBeGreaterThan(0);
  const text = lines.join('\n');
  for (const word of ['not-for-logs', '127.0.0.1', 'SECRET-BODY', key.toString('base64')])
    expect(text).not.toContain(word);
});
