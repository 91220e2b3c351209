import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { parseAccess } from '../../gateway/audit/parse-entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { type As, ask, type Asked, tokenOf } from '../helpers/ask.ts';
import { created, mark, milcert, operator, stranger, update } from '../helpers/changes.ts';
import { startExercise } from '../helpers/standing.ts';
import { sseClient, wsClient } from '../helpers/streams.ts';

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const query = `subscription Follow($id: ID, $resumeAfter: ID) {
  defenceAssessmentEvents(id: $id, resumeAfter: $resumeAfter) {
    eventId change recordId record { judgement envelope { version marking { tlp } } }
  }
}`;

type Event = { eventId: string; change: string; recordId: string; record: { judgement: string } | null };
type Result = { data?: { defenceAssessmentEvents: Event | null } | null; errors?: readonly unknown[] };

/** The results of an open subscription. */
class Follower {
  readonly results: Result[] = [];
  #notify: () => void = () => undefined;
  stop: () => Promise<void> | void = () => undefined;

  take(result: unknown): void {
    this.results.push(result as Result);
    this.#notify();
  }

  /** Waits until a record has an event of a kind, 20 s at most. */
  async until(recordId: string, wanted: string): Promise<Event> {
    for (const end = Date.now() + 20_000; ;) {
      const found = this.of(recordId).find((event) => event.change === wanted);
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`expected ${wanted}, got ${JSON.stringify(this.results)}`);
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
        setTimeout(resolve, 500);
      });
    }
  }

  of(recordId: string): readonly Event[] {
    return this.results
      .flatMap(({ data }) => data?.defenceAssessmentEvents ?? [])
      .filter((event) => event.recordId === recordId);
  }
}

type Variables = Readonly<Record<string, unknown>>;

async function followByLibrary(
  connect: typeof wsClient | typeof sseClient,
  who: As,
  variables: Variables,
): Promise<Follower> {
  const client = await connect(asked, who);
  const follower = new Follower();
  const sink = {
    next: (one: unknown) => follower.take(one),
    error: (errors: unknown) => follower.take({ errors }),
    complete: () => undefined,
  };
  const stop = client.subscribe({ query, variables }, sink);
  follower.stop = async () => {
    stop();
    await client.dispose();
  };
  return follower;
}

/** Follows with Apollo Client, which uses the multipart protocol for subscriptions over HTTP. */
async function followByApollo(who: As, variables: Variables): Promise<Follower> {
  const authorization = `Bearer ${await tokenOf(asked, who)}`;
  const link = new HttpLink({ uri: asked.url, fetch, headers: { authorization } });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const follower = new Follower();
  const subscription = client
    .subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache' })
    .subscribe({ next: (result) => follower.take(result), error: () => undefined });
  follower.stop = () => {
    subscription.unsubscribe();
    client.stop();
  };
  return follower;
}

const transports = [
  ['graphql-ws', async (who: As, variables: Variables) => await followByLibrary(wsClient, who, variables)],
  ['graphql-sse', async (who: As, variables: Variables) => await followByLibrary(sseClient, who, variables)],
  ['multipart by Apollo Client', followByApollo],
] as const;

/** Creates records until a subscriber gets an event: from then on it gets every event of the community. */
async function untilFirstEvent(follower: Follower): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    // A hub or a subgraph that has just started may refuse a change.
    const id = await created(asked).catch(() => null);
    for (let turn = 0; turn < 10; turn += 1) {
      if (id !== null && follower.of(id).length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`expected an event, got ${JSON.stringify(follower.results)}`);
}

async function markAs(id: string, expectedVersion: number, reading: object): Promise<void> {
  const input = { key: randomUUID(), id, expectedVersion, reading };
  const { body } = await ask(asked, operator, mark, { input });
  expect(body.data.markDefenceRecord.userErrors).toEqual([]);
}

async function change(id: string, expectedVersion: number, judgement: string): Promise<void> {
  const input = { key: randomUUID(), id, expectedVersion, content: { judgement } };
  const { body } = await ask(asked, operator, update, { input });
  expect(body.data.updateDefenceAssessment.userErrors).toEqual([]);
}

/** A marking for the reader's organisation alone, and its originator. */
const forThem = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations: ['milcert-ee'] } };

test.each(transports)(
  'sends CREATED, CHANGED and GONE over %s to a reader who loses access, and nothing to another one',
  async (_name, follow) => {
    const [reader, outsider] = [await follow(milcert, {}), await follow(stranger, {})];
    await untilFirstEvent(reader);
    const id = await created(asked, { reading: forThem });
    expect(await reader.until(id, 'CREATED')).toMatchObject({
      record: {
        judgement: expect.stringContaining('EXERCISE'),
        envelope: { version: 1, marking: { tlp: 'AMBER' } },
      },
    });
    await change(id, 1, 'EXERCISE: changed');
    expect(await reader.until(id, 'CHANGED')).toMatchObject({ record: { judgement: 'EXERCISE: changed' } });
    await markAs(id, 2, { ...forThem, audience: { reach: 'NAMED', organisations: ['csirt-at'] } });
    expect(await reader.until(id, 'GONE')).toMatchObject({ record: null });
    await change(id, 3, 'EXERCISE: not for them');
    await untilFirstEvent(reader);
    expect(reader.of(id).map((event) => event.change)).toEqual(['CREATED', 'CHANGED', 'GONE']);
    expect(JSON.stringify(reader.results)).not.toContain('not for them');
    // The subscription of another reader is open, and has no frame about the record.
    expect(outsider.results.length).toBeGreaterThan(0);
    expect(outsider.of(id)).toEqual([]);
    await Promise.all([reader.stop(), outsider.stop()]);
  },
);

test('never sends a RED record, not even to its originator, and sends GONE when a record becomes RED', async () => {
  const follower = await followByLibrary(wsClient, operator, {});
  await untilFirstEvent(follower);
  const id = await created(asked);
  await follower.until(id, 'CREATED');
  await markAs(id, 1, { marking: { tlp: 'RED' } });
  await follower.until(id, 'GONE');
  expect(JSON.stringify(follower.results)).not.toContain('"tlp":"RED"');
  await follower.stop();
});

/** Subscribes again and again, as a client that reconnects, until the first result is an event; 60 s at most. */
async function followAgain(who: As, variables: Variables): Promise<Follower> {
  for (const end = Date.now() + 60_000; ;) {
    const follower = await followByLibrary(wsClient, who, variables);
    for (let turn = 0; turn < 150 && follower.results.length === 0; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const hasFailed = follower.results.some(({ errors }) => errors !== undefined);
    if (!hasFailed || Date.now() > end) return follower;
    await follower.stop();
  }
}

test('continues after an event without a gap when the hub restarts', async () => {
  const first = await followByLibrary(wsClient, milcert, {});
  await untilFirstEvent(first);
  const id = await created(asked);
  const { eventId } = await first.until(id, 'CREATED');
  await first.stop();
  const missed = await created(asked);
  await change(id, 1, 'EXERCISE: missed');
  await trial.parts.get('hub')?.kill();
  await trial.restart('hub');
  const second = await followAgain(milcert, { resumeAfter: eventId });
  await second.until(missed, 'CREATED');
  expect(await second.until(id, 'CHANGED')).toMatchObject({ record: { judgement: 'EXERCISE: missed' } });
  await second.stop();
}, 600_000);

test('sends every event when the subgraph is killed and restarted', async () => {
  const follower = await followByLibrary(sseClient, milcert, {});
  await untilFirstEvent(follower);
  await trial.parts.get('defence')?.kill();
  await trial.restart('defence');
  const ids: string[] = [];
  for (const end = Date.now() + 60_000; ids.length < 3 && Date.now() < end;) {
    const id = await created(asked).catch(() => null);
    if (id === null) await new Promise((resolve) => setTimeout(resolve, 500));
    else ids.push(id);
  }
  for (const id of ids) expect(await follower.until(id, 'CREATED')).toMatchObject({ recordId: id });
  expect(ids).toHaveLength(3);
  await follower.stop();
}, 600_000);

test('refuses to continue after an event of another reader, and refuses a subscription over JSON', async () => {
  const follower = await followByLibrary(wsClient, milcert, {});
  await untilFirstEvent(follower);
  const eventId = follower.results[0]?.data?.defenceAssessmentEvents?.eventId;
  await follower.stop();
  const other = await followByLibrary(wsClient, operator, { resumeAfter: eventId });
  for (const end = Date.now() + 10_000; other.results.length === 0 && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(other.results[0]).toMatchObject({ errors: [{ extensions: { code: 'RESUME_EXPIRED' } }] });
  await other.stop();
  const { status, body } = await ask(asked, milcert, query);
  expect([status, body.errors[0].extensions.code]).toEqual([406, 'STREAM_REQUIRED']);
});

test('records each event under the name of its reader before it leaves', async () => {
  const follower = await followByLibrary(wsClient, milcert, {});
  await untilFirstEvent(follower);
  const id = await created(asked);
  await follower.until(id, 'CREATED');
  await follower.stop();
  const client = await new MongoClient(trial.stores.uris.hub).connect();
  const organisations: string[] = [];
  for await (const { bytes } of readEntries(client.db(), 'trial')) {
    const entry = parseAccess(bytes);
    if (entry?.disclosed.some((one) => one.id === id)) organisations.push(entry.reader.organisation);
  }
  await client.close();
  // The creation by the operator's organisation, and the event.
  expect(organisations).toContain('milcert-ee');
});
