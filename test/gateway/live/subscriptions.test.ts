import { expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import type { Subscription } from '../../../gateway/live/subscription.ts';
import { HubError } from '../../../schema/errors.ts';
import { audienceOf, markingOf } from '../../helpers/records.ts';
import { document, id, World } from './world.ts';

const amber = {
  marking: markingOf({ tlp: 'AMBER' }),
  audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }),
};
const green = { marking: markingOf({ tlp: 'GREEN' }) };
const red = {
  marking: markingOf({ tlp: 'RED' }),
  audience: audienceOf({ reach: 'NAMED', persons: ['u-1'] }),
};

/** Subscribes, and returns the events. */
async function follow(world: World, ...given: Parameters<World['subscribe']>): Promise<Subscription> {
  const events = await world.subscribe(...given);
  if (!(Symbol.asyncIterator in events)) throw new Error(JSON.stringify(events));
  return events;
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into events by path
async function next(events: Subscription): Promise<any> {
  const step = await events.next();
  return step.done === true ? null : step.value;
}

/** Returns whether no event arrives in a moment. */
async function isSilent(events: Subscription): Promise<boolean> {
  const late = new Promise((resolve) => setTimeout(() => resolve('silent'), 100));
  return (await Promise.race([events.next(), late])) === 'silent';
}

const codeOf = (result: { errors: readonly { extensions: { code: string } }[] }) =>
  result.errors[0]?.extensions.code;

test('sends the record of an event through fragments on the interface Node', async () => {
  const world = await World.open();
  const text =
    'subscription { advisoryEvents { record { ... on Node { id ...F ... on MispEvent { uuid } } } } } fragment F on Advisory { serial }';
  const reader = await follow(world, {}, text);
  world.write(amber);
  expect((await next(reader)).data).toEqual({ advisoryEvents: { record: { id, serial: 'S-1' } } });
  expect(print(world.asked[0]?.allowed.document ?? parse('{ a }'))).not.toContain('Node');
});

test('sends created, changed and gone to a reader who has access, and nothing to one who has none', async () => {
  const world = await World.open();
  const reader = await follow(world);
  const other = await follow(world, { subject: 'u-9', organisation: 'csirt-pl' });
  const silent = isSilent(other);
  world.write(amber);
  expect(await next(reader)).toEqual({
    data: {
      advisoryEvents: {
        eventId: expect.stringMatching(/^[\w-]{40,}$/),
        change: 'CREATED',
        recordId: id,
        record: { id, serial: 'S-1' },
      },
    },
    extensions: {
      picture: 'real',
      holds: expect.objectContaining({ tlp: 'AMBER' }),
      correlationId: expect.any(String),
    },
  });
  world.write(amber);
  expect((await next(reader)).data.advisoryEvents.change).toBe('CHANGED');
  world.write(red);
  expect((await next(reader)).data.advisoryEvents).toEqual({
    eventId: expect.any(String),
    change: 'GONE',
    recordId: id,
    record: null,
  });
  expect(await silent).toBe(true);
  const ended = world.entries.at(-1)?.disclosed;
  expect(ended).toEqual([
    expect.objectContaining({ community: 'cert-eu', type: 'Advisory', id, version: 3, gone: true }),
  ]);
});

test('sends no RED record to the person whom it names, and asks as a reader who is not on screen', async () => {
  const world = await World.open();
  const events = await follow(world, { onScreen: true });
  const silent = isSilent(events);
  world.send({ ...world.write(red), admits: ['8|real|named:u-1;u'] });
  expect(await silent).toBe(true);
  const other = await follow(world, { onScreen: true });
  world.write(amber);
  await next(other);
  expect(world.asked.map(({ context }) => [context.reader.onScreen, context.delivery])).toEqual([
    [false, 'subscription'],
  ]);
});

test('reads an event again for each reader if the community does not allow to share the answer', async () => {
  const world = await World.open();
  const all = [await follow(world), await follow(world, { subject: 'u-2' }), await follow(world)];
  world.write(amber);
  await Promise.all(all.map(next));
  expect(world.asked.map(({ context }) => context.reader.subject).toSorted()).toEqual(['u-1', 'u-2']);
});

test('records each event in the audit log under the name of each reader before it leaves', async () => {
  const world = await World.open();
  const all = [await follow(world), await follow(world, { subject: 'u-2' }), await follow(world)];
  world.write(green);
  const results = await Promise.all(all.map(next));
  expect(world.asked).toHaveLength(1);
  expect(
    world.entries.map(({ reader, operation }) => [reader.subject, operation.name, operation.document]),
  ).toEqual([
    ['u-1', null, document],
    ['u-2', null, document],
  ]);
  const ids = results.map(({ extensions }) => extensions.correlationId);
  expect(new Set(ids)).toEqual(new Set(world.entries.map(({ correlationId }) => correlationId)));
  expect(world.entries.map(({ disclosed }) => disclosed.map((one) => one.id))).toEqual([[id], [id]]);
});

test('stops to read an event once every subscription that waits for it has ended', async () => {
  const world = await World.open();
  world.answersAfter = new Promise(() => undefined);
  const [one, other] = [await follow(world), await follow(world, { subject: 'u-2' })];
  world.write(green);
  const steps = [one.next(), other.next()];
  const signals = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return world.asked.map(({ context }) => context.signal.aborted);
  };
  expect(await signals()).toEqual([false]);
  await one.return();
  expect(await signals()).toEqual([false]);
  await other.return();
  expect(await signals()).toEqual([true]);
  expect((await Promise.all(steps)).map(({ done }) => done)).toEqual([true, true]);
});

test('does not share an answer between two permission classes', async () => {
  const world = await World.open();
  const both = { reach: 'NAMED' as const, organisations: ['csirt-fr', 'csirt-pl'] };
  const all = [await follow(world), await follow(world, { subject: 'u-2', organisation: 'csirt-pl' })];
  world.write({ ...amber, audience: audienceOf(both) });
  await Promise.all(all.map(next));
  expect(world.asked.map(({ context }) => context.reader.organisation).toSorted()).toEqual([
    'csirt-fr',
    'csirt-pl',
  ]);
});

test('withholds an event that the audit log does not take, and ends the subscription', async () => {
  const world = await World.open();
  const events = await follow(world);
  world.trailIsDown = true;
  world.write(amber);
  const last = await next(events);
  expect([last.data, codeOf(last), await next(events)]).toEqual([undefined, 'TRAIL_UNAVAILABLE', null]);
});

test.each([
  [
    'the token is revoked',
    'UNAUTHENTICATED',
    (world: World) => void (world.refusal = new HubError('UNAUTHENTICATED')),
  ],
  [
    'the reader has other facts',
    'RESUME_EXPIRED',
    (world: World) => void (world.facts = { roles: ['duty-officer'] }),
  ],
  ['events were lost', 'RESUME_EXPIRED', (world: World) => world.send('lost')],
  ['the hub stops', 'HUB_STOPPING', (world: World) => world.subscriptions.stop()],
])('ends a subscription when %s with %s', async (_name, code, change) => {
  const world = await World.open();
  const events = await follow(world);
  change(world);
  world.write(amber);
  expect([codeOf(await next(events)), await next(events), world.listeners]).toEqual([code, null, []]);
  expect(world.entries).toEqual([]);
});

test('ends a subscription when its token expires', async () => {
  const world = await World.open();
  const events = await follow(world, {}, document, {}, new Date(Date.now() + 200).toISOString());
  expect(codeOf(await next(events))).toBe('UNAUTHENTICATED');
});

test('ends the subscription of a slow reader after 100 waiting changes, and joins those of one record', async () => {
  const world = await World.open();
  const events = await follow(world);
  for (let at = 0; at < 300; at += 1) world.write(amber);
  expect((await next(events)).data.advisoryEvents.change).toBe('CREATED');
  for (let at = 0; at < 101; at += 1) world.write(amber, `Advisory:${at}`);
  expect(codeOf(await next(events))).toBe('SLOW_READER');
});

test('continues after an event without a gap', async () => {
  const world = await World.open();
  const events = await follow(world);
  world.write(amber);
  const { eventId } = (await next(events)).data.advisoryEvents;
  await events.return();
  world.write(amber, 'Advisory:one');
  world.write(amber, 'Advisory:two');
  const resumed = await follow(
    world,
    {},
    document.replace('advisoryEvents', `advisoryEvents(resumeAfter: "${eventId}")`),
  );
  const seen = [
    (await next(resumed)).data.advisoryEvents.recordId,
    (await next(resumed)).data.advisoryEvents.recordId,
  ];
  expect(seen).toEqual(['Advisory:one', 'Advisory:two']);
});

test('ends a subscription whose reader takes none of the past events for 5 s', async () => {
  const world = await World.open();
  const events = await follow(world);
  world.write(amber);
  const { eventId } = (await next(events)).data.advisoryEvents;
  await events.return();
  for (let number = 0; number < 120; number += 1) world.write(amber, `Advisory:${number}`);
  const text = document.replace('advisoryEvents', `advisoryEvents(resumeAfter: "${eventId}")`);
  const resumed = await follow(world, {}, text);
  await new Promise((resolve) => setTimeout(resolve, 6500));
  let last;
  for (let one = await next(resumed); one !== null; one = await next(resumed)) last = one;
  expect(codeOf(last)).toBe('SLOW_READER');
});

test.each([
  ['a forged id', {}, 'AAAA'],
  ['an id of another permission class', { organisation: 'csirt-pl' }, null],
])('refuses to continue after %s with RESUME_EXPIRED', async (_name, changes, forged) => {
  const world = await World.open();
  const events = await follow(world);
  world.write(amber);
  const { eventId } = (await next(events)).data.advisoryEvents;
  const text = document.replace('advisoryEvents', `advisoryEvents(resumeAfter: "${forged ?? eventId}")`);
  await expect(follow(world, changes, text)).rejects.toMatchObject({ code: 'RESUME_EXPIRED' });
  expect(world.listeners).toHaveLength(1);
});

test('sends the events of one record to those who subscribe to it', async () => {
  const world = await World.open();
  const text = document.replace('advisoryEvents', 'advisoryEvents(id: "Advisory:one")');
  const events = await follow(world, {}, text);
  world.write(amber, 'Advisory:two');
  world.write(amber, 'Advisory:one');
  expect((await next(events)).data.advisoryEvents.recordId).toBe('Advisory:one');
  expect(await isSilent(events)).toBe(true);
});

test('keeps aliases, fragments, conditions and the order of the selection', async () => {
  const world = await World.open();
  const text = `subscription S($no: Boolean = false) { e: advisoryEvents { ...E again: record @include(if: $no) { id }
    __typename } } fragment E on AdvisoryEvent { what: change record { id } }`;
  const events = await follow(world, {}, text);
  world.write(amber);
  const { data } = await next(events);
  expect(JSON.stringify(data)).toBe(
    `{"e":{"what":"CREATED","record":{"id":"${id}"},"__typename":"AdvisoryEvent"}}`,
  );
});

test.each([
  ['two fields', 'subscription { advisoryEvents { eventId } mispEventEvents { eventId } }'],
  ['a condition', 'subscription { advisoryEvents @include(if: true) { eventId } }'],
  ['introspection', 'subscription { __typename }'],
])('refuses a subscription with %s at its root', async (_name, text) => {
  const world = await World.open();
  const outcome = await world.subscribe({}, text).catch((error: unknown) => error);
  expect(JSON.stringify(outcome)).toContain('GRAPHQL_VALIDATION_FAILED');
  expect(world.listeners).toEqual([]);
});

test('ends with PART_UNAVAILABLE if the community does not answer, so that the event is not lost', async () => {
  const world = await World.open();
  const events = await follow(world);
  world.communityIsDown = true;
  world.write(amber);
  expect([codeOf(await next(events)), world.asked.length]).toEqual(['PART_UNAVAILABLE', 3]);
});

test('has at most 1000 subscriptions of a reader, and has room again after one ends', async () => {
  const world = await World.open();
  const all: Subscription[] = [];
  for (let at = 0; at < 1000; at += 1) all.push(await follow(world));
  await expect(follow(world)).rejects.toMatchObject({ code: 'TOO_MANY_SUBSCRIPTIONS' });
  await follow(world, { subject: 'u-2' });
  await all[0]?.return();
  await follow(world);
});

test('ends a subscription when a new supergraph comes into force, and starts others under it', async () => {
  const world = await World.open();
  const before = await follow(world);
  const replaced = { ...world.stages, planner: { ...world.stages.planner } };
  const inProgress = follow(world, { subject: 'u-2' });
  world.stages = replaced;
  world.subscriptions.restart();
  expect(codeOf(await next(before))).toBe('RESUME_EXPIRED');
  expect(await next(before)).toBeNull();
  await expect(inProgress).rejects.toThrow(
    new HubError('RESUME_EXPIRED', 'another supergraph came into force'),
  );
  const after = await follow(world);
  world.write(amber);
  expect((await next(after)).data.advisoryEvents.change).toBe('CREATED');
});
