import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { parseAccess } from '../../gateway/audit/parse-entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { requestContent } from '../helpers/information-request.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';
import { sseClient, wsClient } from '../helpers/streams.ts';
import { until } from '../helpers/until.ts';

/** The subscription to notices, over real HTTP. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const purpose = 'incident-response';
const french = { as: 'fr-csirt-analyst', picture, purpose };
const polish = { as: 'pl-csirt-analyst', picture, purpose };
const certEu = { as: 'cert-eu-analyst', picture, purpose };
const outsider = { as: 'europol-analyst', picture, purpose: 'threat-analysis' };

const query = `subscription Follow($resumeAfter: ID) {
  jointUnitNoticeEvents(resumeAfter: $resumeAfter) {
    eventId
    notice { id recordId name event thread { id } informationRequest { purpose } }
  }
}`;

type Event = { eventId: string; notice: { id: string; recordId: string; name: string } | null };
type Result = { data?: { jointUnitNoticeEvents: Event | null } | null; errors?: readonly unknown[] };

/** The results of an open subscription. */
class Follower {
  readonly results: Result[] = [];
  stop: () => Promise<void> = async () => await Promise.resolve();

  /** Returns the events on a record, in the order in which they came. */
  on(recordId: string): readonly Event[] {
    return this.results
      .flatMap(({ data }) => data?.jointUnitNoticeEvents ?? [])
      .filter(({ notice }) => notice?.recordId === recordId);
  }

  async until(recordId: string, name: string): Promise<Event> {
    const find = () => this.on(recordId).find(({ notice }) => notice?.name === name);
    await until(`the notice of ${name}`, () => find() !== undefined);
    return find() as Event;
  }
}

async function follow(connect: typeof wsClient | typeof sseClient, who: As, variables = {}) {
  const client = await connect(asked, who);
  const follower = new Follower();
  const stop = client.subscribe<Result['data']>(
    { query, variables },
    {
      next: (one) => void follower.results.push(one as Result),
      error: (errors) => void follower.results.push({ errors: [errors] }),
      complete: () => undefined,
    },
  );
  follower.stop = async () => {
    stop();
    await client.dispose();
  };
  return follower;
}

/** The request of one organisation to others. */
type Request = { readonly by: As; readonly addressees: readonly string[] };
const toBoth: Request = { by: french, addressees: ['csirt-pl', 'cert-eu'] };

/** Sends a request. Null if the hub refuses it, as right after a restart. */
async function send({ by, addressees }: Request = toBoth): Promise<string | null> {
  const input = { content: requestContent(), addressees };
  const { record } = await sendMove(asked, by, 'sendInformationRequest', input).catch(() => ({}));
  return record?.id ?? null;
}

async function sent(): Promise<string> {
  const id = await send();
  if (id === null) throw new Error('expected a new request');
  return id;
}

/** Sends requests until each follower gets a notice: from then on each gets every one. */
async function untilOpen(...followers: readonly Follower[]): Promise<string> {
  return await untilNoticed(toBoth, followers);
}

async function untilNoticed(request: Request, followers: readonly Follower[]): Promise<string> {
  const hasEnded = () => followers.some(({ results }) => results.some(({ errors }) => errors !== undefined));
  for (const end = Date.now() + 60_000; Date.now() < end && !hasEnded();) {
    const id = await send(request);
    for (let turn = 0; turn < 20; turn += 1) {
      if (id === null) break;
      if (followers.every((one) => one.on(id).length > 0)) return id;
      if (hasEnded()) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`expected notices, got ${JSON.stringify(followers.map(({ results }) => results))}`);
}

/** Subscribes again and again, as a client that reconnects, until the follower gets a notice. Its feed is connected then. */
async function opened(who: As): Promise<Follower> {
  for (const end = Date.now() + 90_000; ;) {
    const follower = await follow(wsClient, who);
    try {
      await untilOpen(follower);
      return follower;
    } catch (error) {
      await follower.stop();
      if (Date.now() > end) throw error;
    }
  }
}

async function extend(id: string, expectedVersion: number): Promise<void> {
  const answerBy = new Date(Date.now() + expectedVersion * 30 * 86_400_000).toISOString();
  const input = { id, expectedVersion, answerBy, reason: 'EXERCISE' };
  expect((await sendMove(asked, french, 'extendInformationRequest', input)).userErrors).toEqual([]);
}

test('sends a notice to each organisation that takes part, until its right to the record ends', async () => {
  const first = await opened(polish);
  const [second, other] = [await follow(sseClient, certEu), await follow(wsClient, outsider)];
  const mover = await follow(wsClient, french);
  await untilOpen(first, second);
  // Both get the notices of other records, so that they could get those of this one.
  const toSilent = { by: polish, addressees: ['csirt-fr', 'europol'] };
  await untilNoticed(toSilent, [other, mover]);
  const id = await sent();
  expect((await first.until(id, 'send')).notice).toEqual({
    id: expect.stringMatching(/^JointUnitNotice:/),
    recordId: id,
    name: 'send',
    event: 'MOVE',
    thread: { id: 'Organisation:csirt-pl' },
    informationRequest: { purpose },
  });
  await second.until(id, 'send');
  await extend(id, 1);
  await first.until(id, 'extend');
  const { data } = (
    await ask(
      asked,
      french,
      'mutation M($input: MarkRecordInput!) { markJointUnitRecord(input: $input) { userErrors { code } } }',
      {
        input: {
          key: randomUUID(),
          id,
          expectedVersion: 2,
          reading: {
            marking: { tlp: 'AMBER' },
            audience: { reach: 'NAMED', organisations: ['csirt-fr', 'cert-eu'] },
          },
        },
      },
    )
  ).body;
  expect(data.markJointUnitRecord.userErrors).toEqual([]);
  const before = first.on(id).length;
  await extend(id, 3);
  await until('the second extension', () => second.on(id).length === 3);
  // A later request arrives after everything that was sent before.
  await first.until(await untilOpen(first), 'send');
  expect(first.on(id)).toHaveLength(before);
  const last = await untilNoticed(toSilent, [other, mover]);
  for (const silent of [other, mover])
    expect([silent.on(id), silent.on(last)]).toEqual([[], [expect.anything()]]);
  const [inbox] = second.on(id);
  const read = await ask(asked, certEu, 'query N($id: ID!) { jointUnitNotice(id: $id) { recordId } }', {
    id: inbox?.notice?.id,
  });
  expect(read.body.data.jointUnitNotice).toEqual({ recordId: id });
  await Promise.all([first, second, other, mover].map(async (one) => await one.stop()));
}, 600_000);

test('records each notice under the name of its reader before it leaves', async () => {
  const follower = await opened(polish);
  const id = await untilOpen(follower);
  await follower.stop();
  const client = await new MongoClient(trial.stores.uris.hub).connect();
  const organisations = new Set<string>();
  for await (const { bytes } of readEntries(client.db(), 'trial')) {
    const entry = parseAccess(bytes);
    if (entry?.disclosed.some((one) => one.id === id)) organisations.add(entry.reader.organisation);
  }
  await client.close();
  // The move of the French CSIRT, and the event. Nobody else has read the request.
  expect([...organisations].toSorted()).toEqual(['csirt-fr', 'csirt-pl']);
}, 600_000);

test('continues without a gap when the hub and the subgraph are killed', async () => {
  const follower = await opened(polish);
  const { eventId } = await follower.until(await untilOpen(follower), 'send');
  await follower.stop();
  const missed = await sent();
  for (const part of ['hub', 'joint-unit'] as const) {
    await trial.parts.get(part)?.kill();
    await trial.restart(part);
  }
  let again = new Follower();
  await until(
    'a subscription that continues',
    async () => {
      await again.stop();
      again = await follow(wsClient, polish, { resumeAfter: eventId });
      await until('a result', () => again.results.length > 0, { withinMs: 10_000 }).catch(() => undefined);
      return again.on(missed).length > 0;
    },
    { withinMs: 90_000 },
  );
  expect(again.on(missed).map(({ notice }) => notice?.name)).toEqual(['send']);
  await again.stop();
}, 600_000);
