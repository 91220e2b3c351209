import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { pino } from 'pino';
import type { ChangeFeed } from '../../../gateway/live/change-feed.ts';
import { readWebhooks, type Webhook } from '../../../gateway/registry/webhooks.ts';
import { claimMs, Outbox } from '../../../gateway/webhooks/outbox.ts';
import type { ReadNotice } from '../../../gateway/webhooks/read-notice.ts';
import { type RunningWebhooks, runWebhooks, type WebhookParts } from '../../../gateway/webhooks/webhooks.ts';
import { HubError } from '../../../schema/errors.ts';
import type { ChangeEvent } from '../../../schema/protocol/change-event.ts';
import { until } from '../../helpers/until.ts';
import { key, ofTrial, openHubDb, webhookTo } from './place.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Webhooks of running hubs: one store, real receivers, and the changes of a community that the test plays. */

let place: Awaited<ReturnType<typeof openHubDb>>;
let db: Db;
let receiver: Receiver;
const running: RunningWebhooks[] = [];

beforeAll(async () => {
  place = await openHubDb();
  ({ db } = place);
});
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const name of ['webhooks', 'webhookDeliveries', 'webhookPlaces', 'webhooksDisabled'])
    await db.collection(name).deleteMany({});
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
  await Promise.all(running.splice(0).map(async (one) => await one.stop()));
});

/** The changes of the joint unit. */
class Changes {
  readonly past: ChangeEvent[] = [];
  isExpired = false;
  readonly #listeners = new Set<Parameters<ChangeFeed['listen']>[0]>();

  /** Adds a notice to an organisation. Returns its id. */
  notify(party = 'csirt-pl'): string {
    const number = this.past.length + 1;
    const id = `JointUnitNotice:${number}`;
    const keys = { admits: ['k'], before: [] };
    const notice = { kind: 'InformationRequest', party };
    const event = {
      kind: 'JointUnitNotice',
      id,
      version: 1,
      isNew: true,
      ...keys,
      position: `p${number}`,
      notice,
    };
    this.past.push(event);
    this.give(event);
    return id;
  }

  give(event: ChangeEvent | 'lost'): void {
    for (const listener of this.#listeners) listener(event);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  readonly feed: ChangeFeed = {
    listen: (listener) => {
      const own = (event: ChangeEvent | 'lost') => listener(event);
      this.#listeners.add(own);
      return () => void this.#listeners.delete(own);
    },
    ready: async () => await Promise.resolve(`p${this.past.length}`),
    after: (position) => {
      const events = this.past.slice(Number(position.slice(1)));
      const { isExpired } = this;
      return (async function* () {
        if (isExpired) throw new HubError('RESUME_EXPIRED');
        yield* events;
        await Promise.resolve();
      })();
    },
  };
}

const lines: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });

async function register(...webhooks: readonly Webhook[]): Promise<void> {
  for (const { _id, ...webhook } of webhooks)
    await db.collection<{ _id: string }>('webhooks').insertOne({ _id, ...webhook });
}

/** Starts the webhooks of a hub. Resolves once it collects the notices. */
async function hub(changes: Changes, given: Partial<WebhookParts> = {}) {
  const before = changes.listeners;
  const outcomes: WebhookParts['outcomes'] = new Map();
  const own = runWebhooks({
    feeds: new Map([
      ['joint-unit', changes.feed],
      ['cert-eu', changes.feed],
    ]),
    outbox: new Outbox(db),
    outcomes,
    entries: async (now, reject) => await readWebhooks(db, now, reject),
    secrets: { current: () => new Map([['csirt-pl', [key]]]) },
    networks: ofTrial,
    read: async (_webhook, { notice }) => await Promise.resolve(noticeOf(notice)),
    log,
    everyMs: 20,
    ...given,
  });
  running.push(own);
  await until('the hub collects notices', async () => {
    const isStored = (await db.collection('webhookPlaces').countDocuments()) > 0;
    return isStored && changes.listeners > before;
  });
  return { outcomes, stop: async () => await own.stop() };
}

function noticeOf(id: string): ReadNotice {
  const notice = { id, recordId: 'InformationRequest:1', at: '2026-11-29T10:00:00.000Z' };
  return { notice, extensions: { picture: 'real', holds: null, correlationId: 'c-1' } };
}

const idsAt = (at: Receiver): readonly string[] =>
  at.received.map(({ body }): string => JSON.parse(body).data.id).toSorted();

test('sends each notice of an organisation once, with two hubs, and none of another organisation', async () => {
  await register(webhookTo(receiver.url));
  const changes = new Changes();
  const [first, second] = [await hub(changes), await hub(changes)];
  const ids = Array.from({ length: 20 }, (_, n) => changes.notify(n % 2 === 0 ? 'csirt-pl' : 'csirt-fr'));
  const own = ids.filter((_, n) => n % 2 === 0).toSorted();
  const sent = () => (first.outcomes.get('sent') ?? 0) + (second.outcomes.get('sent') ?? 0);
  await until('all notices', () => sent() === own.length);
  expect(idsAt(receiver)).toEqual(own);
  expect(await db.collection('webhookDeliveries').countDocuments({ state: 'pending' })).toBe(0);
});

const afterClaim = () => new Date(Date.now() + claimMs);

test('sends a notice again with the same id if the hub is killed between sending it and storing that', async () => {
  await register(webhookTo(receiver.url));
  const changes = new Changes();
  const never = new Promise<void>(() => undefined);
  const outbox = new Outbox(db);
  // A hub that is killed does nothing after it has sent the message.
  outbox.end = async () => await never;
  outbox.postpone = async () => await never;
  const killed = await hub(changes, { outbox });
  const id = changes.notify();
  await until('the message', () => receiver.received.length === 1);
  expect(killed.outcomes.size).toBe(0);
  running.length = 0;
  const second = await hub(changes, { now: afterClaim });
  await until('the message again', () => second.outcomes.get('sent') === 1);
  expect(idsAt(receiver)).toEqual([id, id]);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  void killed.stop();
});

test('sends the notices that came while no hub ran', async () => {
  await register(webhookTo(receiver.url));
  const changes = new Changes();
  const first = await hub(changes);
  const known = changes.notify();
  await until('the first notice', () => first.outcomes.get('sent') === 1);
  await first.stop();
  const missed = [changes.notify(), changes.notify()];
  const second = await hub(changes);
  await until('the notices that were missed', () => second.outcomes.get('sent') === 2);
  expect(idsAt(receiver)).toEqual([known, ...missed]);
});

test('reads again from the stored place when events were lost, and sends none twice', async () => {
  await register(webhookTo(receiver.url));
  const changes = new Changes();
  const own = await hub(changes);
  const first = changes.notify();
  await until('the first notice', () => own.outcomes.get('sent') === 1);
  changes.give('lost');
  const second = changes.notify();
  await until('the second notice', () => own.outcomes.get('sent') === 2);
  expect(idsAt(receiver)).toEqual([first, second]);
});

test('says so, and goes on, if the community no longer has the changes since the stored place', async () => {
  await register(webhookTo(receiver.url));
  await db
    .collection<{ _id: string; position: string }>('webhookPlaces')
    .insertOne({ _id: 'joint-unit', position: 'p0' });
  const changes = new Changes();
  changes.isExpired = true;
  const own = await hub(changes);
  await until('the line in the log', () => lines.some((line) => line.includes('notices may be missing')));
  await until('the new place', async () => {
    const found = await db.collection<{ _id: string }>('webhookPlaces').findOne({ _id: 'joint-unit' });
    return found?.['at' as never] !== undefined;
  });
  const id = changes.notify();
  await until('the next notice', () => own.outcomes.get('sent') === 1);
  expect(idsAt(receiver)).toEqual([id]);
});

test('does not let a receiver that never answers delay the others', async () => {
  const silent = await startReceiver();
  silent.answer = () => undefined;
  await register(webhookTo(silent.url, { _id: 'silent' }), webhookTo(receiver.url));
  const changes = new Changes();
  const own = await hub(changes);
  const ids = Array.from({ length: 10 }, () => changes.notify());
  await until('all notices at the other receiver', () => own.outcomes.get('sent') === 10);
  expect(idsAt(receiver)).toEqual(ids.toSorted());
  expect(silent.received.length).toBeLessThanOrEqual(2);
  await silent[Symbol.asyncDispose]();
});

test('sends nothing more once the webhook has ended, and nothing to a malformed entry', async () => {
  await register(webhookTo(receiver.url));
  await db
    .collection<{ _id: string; organisation: string }>('webhooks')
    .insertOne({ _id: 'malformed', organisation: 'csirt-pl' });
  const changes = new Changes();
  const own = await hub(changes);
  changes.notify();
  await until('the first notice', () => own.outcomes.get('sent') === 1);
  await db
    .collection<{ _id: string }>('webhooks')
    .updateOne({ _id: 'pl-desk' }, { $set: { until: new Date() } });
  await until('the end of the feed', () => changes.listeners === 0);
  changes.notify();
  await own.stop();
  expect(receiver.received).toHaveLength(1);
  expect(lines.filter((line) => line.includes('malformed'))).toHaveLength(1);
});
