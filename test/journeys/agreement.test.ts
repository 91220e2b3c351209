import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import type { Trial } from '../../docker/trial/trial.ts';
import { type As, ask, type Asked } from '../helpers/ask.ts';
import { created, operator, readAs, update } from '../helpers/changes.ts';
import { sendMove } from '../helpers/send-move.ts';
import { startExercise } from '../helpers/standing.ts';
import { wsClient } from '../helpers/streams.ts';
import { until } from '../helpers/until.ts';

/** An agreement that is signed, comes into force and is suspended: it acts as policy, also on an open subscription. */

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise({});
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const picture = 'exercise:trial-2026';
const reader = (as: string) => ({ as, picture, purpose: 'incident-response' });
const certEu = reader('cert-eu-analyst');
const certEuHead = reader('cert-eu-head');
const partner = reader('private-partner');
const agreementId = 'A-EXERCISE-7';

const query = `query Q($id: ID!) { agreement(id: $id) {
  envelope { version } progress { state proposal { id } }
} }`;

async function seenBy(who: As, id: string) {
  return (await ask(asked, who, query, { id })).body.data.agreement;
}

async function move(who: As, name: string, input: Readonly<Record<string, unknown>>): Promise<string> {
  const { id } = input;
  const version = typeof id === 'string' ? (await seenBy(who, id)).envelope.version : undefined;
  const given = { ...(version !== undefined && { expectedVersion: version }), ...input };
  const { record, userErrors, errors } = await sendMove(asked, who, `${name}Agreement`, given);
  expect([name, userErrors ?? errors]).toEqual([name, []]);
  return record.id;
}

async function signed(): Promise<string> {
  const id = await move(certEu, 'draft', {
    content: {
      reference: 'EXERCISE-7',
      kind: 'INFORMATION_SHARING',
      parties: ['cert-eu', 'nordsee-energy'].map((organisation) => ({ organisation, role: 'USER' })),
      legalBasis: 'EXERCISE',
      informationKinds: ['indicators'],
      tlpCeiling: 'AMBER',
      purposes: ['incident-response'],
      directions: 'BOTH',
      onwardSharing: 'NONE',
      personalData: 'none',
      retention: 'EXERCISE: one year',
    },
    atEnd: 'EXERCISE: deletion',
    notice: 'EXERCISE: 60 days',
  });
  const signature = { signature: 'EXERCISE', capacity: 'EXERCISE', date: new Date().toISOString() };
  await move(certEu, 'offer', { id, text: 'EXERCISE' });
  await move(partner, 'submit', { id });
  await move(certEuHead, 'sign', { id, ...signature });
  await move(partner, 'sign', { id, ...signature });
  return id;
}

/** Enters the rights of the agreement into the registry, as the hub's operator does. */
async function enterRights(record: string): Promise<void> {
  const client = await new MongoClient(trial.stores.uris.hub).connect();
  await client
    .db()
    .collection<{ _id: string }>('agreements')
    .insertOne({
      _id: agreementId,
      parties: ['cert-eu', 'nordsee-energy'],
      from: new Date(0),
      until: new Date(Date.now() + 86_400_000),
      tlpCeiling: 'AMBER',
      purposes: ['incident-response'],
      record,
    } as { _id: string });
  await client.close();
}

async function resumeOrForce(id: string, name: 'force' | 'resume', input: object): Promise<void> {
  await move(certEu, name, { id, ...input });
  const { progress } = await seenBy(certEuHead, id);
  await move(certEuHead, 'confirmProposed', { id, proposal: progress.proposal.id });
}

type Event = { readonly change: string; readonly recordId: string };

/** Follows the assessments as the partner. Returns the events so far. */
async function follow(): Promise<{ events: Event[]; stop: () => Promise<void> }> {
  const client = await wsClient(asked, partner);
  const events: Event[] = [];
  const sink = {
    next: ({ data }: { data?: { defenceAssessmentEvents?: Event } | null }) => {
      if (data?.defenceAssessmentEvents !== undefined) events.push(data.defenceAssessmentEvents);
    },
    error: () => undefined,
    complete: () => undefined,
  };
  const followed = 'subscription { defenceAssessmentEvents { change recordId } }';
  const end = client.subscribe({ query: followed }, sink);
  return {
    events,
    stop: async () => {
      end();
      await client.dispose();
    },
  };
}

async function change(id: string, expectedVersion: number): Promise<void> {
  const input = {
    key: randomUUID(),
    id,
    expectedVersion,
    content: { judgement: `EXERCISE ${randomUUID()}` },
  };
  const { body } = await ask(asked, operator, update, { input });
  expect(body.data.updateDefenceAssessment.userErrors).toEqual([]);
}

test('gives its rights only while it is in force, and ends them at once, also on an open subscription', async () => {
  const record = await signed();
  await enterRights(record);
  const reading = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', agreements: [agreementId] } };
  const id = await created(asked, { reading });
  expect((await seenBy(partner, record)).progress.state).toBe('SIGNED');
  expect(await readAs(asked, partner, id)).toBeNull();

  await resumeOrForce(record, 'force', {
    inForceFrom: new Date().toISOString(),
    registryEntry: [agreementId],
  });
  expect(await readAs(asked, partner, id)).not.toBeNull();
  const followed = await follow();
  let version = 1;
  // A subscription that has just begun may miss the first change.
  const changed = async () => {
    await change(id, version++);
    return followed.events.some(({ recordId }) => recordId === id);
  };
  await until('an event of the assessment', changed, { everyMs: 300 });

  await move(partner, 'suspend', { id: record, reason: 'EXERCISE: a compromise', scope: 'all' });
  expect(await readAs(asked, partner, id)).toBeNull();
  // A reader's facts are at most a second old in a subscription.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const before = followed.events.length;
  await change(id, version++);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(followed.events.slice(before).filter((event) => event.change !== 'GONE')).toEqual([]);
  await followed.stop();
}, 600_000);
