import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import express, { type Request } from 'express';
import {
  type ChangeEvent,
  type ChangeLine,
  readChangeLine,
} from '../../../../schema/protocol/change-event.ts';
import type { Delivery } from '../../../../schema/protocol/assertion.ts';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import { openPosition, sealPosition } from '../../../../subgraphs/serve/live/position.ts';
import {
  type ChangesEndpoint,
  createChangesEndpoint,
} from '../../../../subgraphs/serve/live/serve-changes.ts';
import { schemaOf } from '../../../../subgraphs/serve/store/collections.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { inWriteTransaction, toDocument, writeRecords } from '../../../../subgraphs/serve/store/write.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf } from '../../../helpers/records.ts';
import { until } from '../../../helpers/until.ts';

/** The subgraph's side of the changes, on a real store and over real HTTP. The assertion is tested with the subgraph. */

const cursorKey = randomBytes(32);
let own: OwnStore;
let endpoint: ChangesEndpoint;
let server: Server;
let isAllowed = true;
let delivery: Delivery | undefined = 'changes';
const streams: AbortController[] = [];

beforeAll(async () => (own = await openOwnStore('cert-eu', community.kinds)));
afterAll(async () => await own.stop());
beforeEach(async () => {
  isAllowed = true;
  delivery = 'changes';
  endpoint = createChangesEndpoint({
    community: 'cert-eu',
    kinds: community.kinds,
    store: own.store,
    policy: () => policy,
    cursorKey,
    seal: (position) => sealPosition(position, 'cert-eu', cursorKey),
    log: { warn: () => undefined },
  });
  const app = express().use(express.json());
  app.post('/changes', async (request: Request, response) => {
    Object.assign(request, { assertion: { delivery } });
    await endpoint.answer(request, response, () => isAllowed);
  });
  server = app.listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.abort();
  endpoint.stop();
  await new Promise((resolve) => server.close(resolve));
});

/** A hub that reads the lines of one stream. */
async function hub(body: object = {}) {
  const controller = new AbortController();
  streams.push(controller);
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/changes`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    signal: controller.signal,
  });
  const lines: ChangeLine[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const whole = text.split('\n');
      text = whole.pop() ?? '';
      lines.push(...whole.map(readChangeLine));
    }
  };
  const ended = read().catch(() => undefined);
  const events = (): readonly ChangeEvent[] => lines.flatMap((line) => ('event' in line ? [line.event] : []));
  return { status: response.status, lines, events, ended, leave: () => controller.abort() };
}

type Hub = Awaited<ReturnType<typeof hub>>;

async function ready(body: object = {}): Promise<Hub> {
  const reading = await hub(body);
  await until('ready', () => reading.lines.some((line) => 'ready' in line));
  return reading;
}

let count = 0;
async function write(envelope: Envelope, before: Envelope | null = null, id?: string): Promise<string> {
  count += 1;
  const _id = id ?? `Advisory:${count}`;
  const base = { _id, feed: 'test', sortAt: new Date(), contentHash: String(count) };
  const localId = before?.localId ?? `local-${count}`;
  const unkeyed = { ...base, envelope: { ...envelope, localId }, content: { number: `EXERCISE-${count}` } };
  const record = toDocument('Advisory', unkeyed, policy, schemaOf(own.store, 'Advisory'));
  const written = { kind: 'Advisory', record, before, keys: [], unlisted: new Set<string>() };
  const options = { ms: 10_000, writeConcern: { w: 'majority' } } as const;
  await inWriteTransaction(own.store, assignKeysBy(policy), options, async (session) => {
    await writeRecords(own.store, [written], { session, keyPolicy: policy, now: new Date() });
  });
  return _id;
}

const green = (version = 1, over: Partial<Envelope> = {}) =>
  envelopeOf({ version, marking: markingOf({ tlp: 'GREEN' }), ...over });
const amber = (version = 1) =>
  envelopeOf({
    version,
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }),
  });
const red = (version = 1) =>
  envelopeOf({
    version,
    marking: markingOf({ tlp: 'RED' }),
    audience: audienceOf({ reach: 'NAMED', persons: ['u-1'] }),
  });
const stored = async (id: string): Promise<Envelope> => {
  const found = await own.store.records.get('Advisory')?.collection.findOne({ _id: id as never });
  return (found as unknown as { envelope: Envelope }).envelope;
};

test('sends a new record and its change, with the keys before and after, and never its content', async () => {
  const reading = await ready();
  const id = await write(green());
  await write(amber(2), await stored(id), id);
  await until('two events', () => reading.events().length === 2);
  const [first, second] = reading.events();
  expect(first).toMatchObject({ kind: 'Advisory', id, version: 1, isNew: true, before: [] });
  expect(first?.admits).toEqual(policy.subscribeKeys(green(), 'Advisory', new Date()));
  expect(second).toMatchObject({ id, version: 2, isNew: false });
  expect(second?.before).toEqual(first?.admits);
  expect(second?.admits).toEqual(policy.subscribeKeys(amber(2), 'Advisory', new Date()));
  expect(JSON.stringify(reading.lines)).not.toContain('EXERCISE');
});

test('sends a record that becomes RED with no key, and nothing of one that is RED', async () => {
  const id = await write(amber());
  const secret = await write(red());
  const reading = await ready();
  await write(red(2), await stored(id), id);
  await write(red(2), await stored(secret), secret);
  await write(red(3), await stored(id), id);
  const last = await write(green());
  await until('the last event', () => reading.events().some((event) => event.id === last));
  expect(reading.events().map((event) => [event.id, event.version, event.admits.length])).toEqual([
    [id, 2, 0],
    [last, 1, expect.any(Number)],
  ]);
  expect(reading.events()[0]?.before).toEqual(policy.subscribeKeys(amber(), 'Advisory', new Date()));
});

test('sends nothing when access keys are relabelled', async () => {
  const id = await write(green());
  const reading = await ready();
  await own.store.records
    .get('Advisory')
    ?.collection.updateOne({ _id: id as never }, { $set: { policy: 'x' } });
  const last = await write(green());
  await until('an event', () => reading.events().length > 0);
  expect(reading.events().map((event) => event.id)).toEqual([last]);
});

test('continues after a position without a gap, also while records are written', async () => {
  const reading = await ready();
  const ids = [await write(green()), await write(green()), await write(green())];
  await until('three events', () => reading.events().length === 3);
  reading.leave();
  const after = reading.events()[0]?.position;
  const more: string[] = [];
  const writing = (async () => {
    for (let n = 0; n < 30; n += 1) more.push(await write(green()));
  })();
  const again = await ready({ after });
  await writing;
  const all = [...ids.slice(1), ...more];
  await until('every event', () => all.every((id) => again.events().some((event) => event.id === id)));
  expect(again.events().some((event) => event.id === ids[0])).toBe(false);
});

test('reads the past up to now and ends, also where nothing happened', async () => {
  const reading = await ready();
  const ids = [await write(green()), await write(red()), await write(green())];
  await until('two events', () => reading.events().length === 2);
  const after = reading.events()[0]?.position;
  const past = await hub({ after, until: 'now' });
  await past.ended;
  expect(past.events().map((event) => event.id)).toEqual([ids[2]]);
  const done = past.lines.at(-1);
  if (done === undefined || !('done' in done)) throw new Error('expected the last line to say done');
  const rest = await hub({ after: done.done, until: 'now' });
  await rest.ended;
  expect(rest.lines).toEqual([{ done: expect.any(String) }]);
});

test('answers expired for a position that it did not give, or that the log does not have', async () => {
  const reading = await ready();
  await write(green());
  await until('an event', () => reading.events().length > 0);
  const forged = Buffer.from(reading.events()[0]?.position ?? '', 'base64url');
  forged[20] = (forged[20] ?? 0) ^ 1;
  // The log never had a change of this record at this time, as if it had been removed.
  const { token = '', endedTo = 0 } =
    openPosition(reading.events()[0]?.position ?? '', 'cert-eu', cursorKey) ?? {};
  const time = (Number.parseInt(token.slice(2, 10), 16) - 60).toString(16).toUpperCase();
  const old = sealPosition({ token: `82${time}${token.slice(10)}`, endedTo }, 'cert-eu', cursorKey);
  for (const after of [forged.toString('base64url'), 'AAAA', old]) {
    const refused = await hub({ after });
    await refused.ended;
    expect(refused.lines).toEqual([{ expired: true }]);
  }
});

test('sends the end of an embargo as a change, at once and after a position', async () => {
  const reading = await ready();
  const embargoUntil = new Date(Date.now() + 1500);
  const id = await write(green(1, { embargoUntil }));
  await until('two events', () => reading.events().length === 2);
  const [held, open] = reading.events();
  expect(held).toMatchObject({ id, isNew: true });
  expect(open).toMatchObject({ id, version: 1, isNew: false, before: held?.admits });
  expect(open?.admits).toEqual(policy.subscribeKeys(green(), 'Advisory', new Date()));
  const past = await hub({ after: held?.position, until: 'now' });
  await past.ended;
  expect(past.events()).toEqual([expect.objectContaining({ id, isNew: false, before: held?.admits })]);
});

test('ends every stream when the hub is no longer allowed, and sends no event after that', async () => {
  const reading = await ready();
  isAllowed = false;
  await write(green());
  await reading.ended;
  expect(reading.events()).toEqual([]);
});

test('refuses an assertion for another use, and a body of another form', async () => {
  expect((await hub({ after: 1 })).status).toBe(400);
  expect((await hub({ query: '{ advisories { nodes { id } } }' })).status).toBe(400);
  delivery = undefined;
  expect((await hub()).status).toBe(400);
  delivery = 'subscription';
  expect((await hub()).status).toBe(400);
});

test('follows the store on one connection, whatever the number of hubs', async () => {
  const client = own.store.connection.getClient();
  let inUse = 0;
  client.on('connectionCheckedOut', () => (inUse += 1));
  client.on('connectionCheckedIn', () => (inUse -= 1));
  const readings = await Promise.all(Array.from({ length: 20 }, async () => await ready()));
  expect(inUse).toBeLessThanOrEqual(1);
  const last = await write(green());
  await until('the last event on each stream', () =>
    readings.every((reading) => reading.events().some((event) => event.id === last)),
  );
});

test('cuts off a hub that does not read', async () => {
  const controller = new AbortController();
  streams.push(controller);
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/changes`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
    signal: controller.signal,
  });
  const slow = response.body?.getReader();
  await slow?.read();
  const reading = await ready();
  const many = audienceOf({
    reach: 'NAMED',
    organisations: Array.from({ length: 4000 }, (_, n) => `organisation-with-a-long-name-${n}`),
  });
  for (let n = 0; n < 40; n += 1)
    await write(envelopeOf({ marking: markingOf({ tlp: 'AMBER' }), audience: many }));
  await until('40 events', () => reading.events().length === 40, { withinMs: 30_000 });
  const rest = async (): Promise<void> => {
    while ((await slow?.read())?.done === false);
  };
  await expect(rest()).rejects.toThrow();
});
