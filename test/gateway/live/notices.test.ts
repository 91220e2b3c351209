import { expect, test } from '@jest/globals';
import { checkKind } from '../../../gateway/live/check-kind.ts';
import type { Subscription } from '../../../gateway/live/subscription.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import { audienceOf, markingOf } from '../../helpers/records.ts';
import { until } from '../../helpers/until.ts';
import { World } from './world.ts';

/** The subscription to notices in the hub: whom it sends what, without a subgraph. */

const document = 'subscription S { jointUnitNoticeEvents { eventId notice { id name } } }';
const purpose = 'incident-response' as const;
const amber: Partial<Envelope> = {
  marking: markingOf({ tlp: 'AMBER' }),
  audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr', 'csirt-pl'] }),
  originator: 'csirt-de',
};
const noticeId = (n: number) => `JointUnitNotice:${String(n).padStart(43, '0')}`;

/** A world with a request that both CSIRTs may read. */
async function opened(): Promise<World> {
  const world = await World.open();
  world.kind = 'InformationRequest';
  world.write(amber, 'InformationRequest:1');
  return world;
}

async function follow(
  world: World,
  reader: Partial<Reader>,
  text = document,
  variables = {},
): Promise<Subscription> {
  const events = await world.subscribe({ purpose, ...reader }, text, variables);
  if (!(Symbol.asyncIterator in events)) throw new Error(JSON.stringify(events));
  return events;
}

const french = { subject: 'f', organisation: 'csirt-fr' };
const polish = { subject: 'p', organisation: 'csirt-pl' };

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into events by path
async function next(events: Subscription): Promise<any> {
  const step = await events.next();
  return step.done === true ? null : step.value;
}

test('sends a notice to its organisation, and none to another one that may read the record', async () => {
  const world = await opened();
  const [first, other] = [await follow(world, french), await follow(world, polish)];
  world.notify('csirt-fr', noticeId(1));
  world.notify('csirt-pl', noticeId(2));
  const { data } = await next(first);
  expect(data.jointUnitNoticeEvents).toMatchObject({ eventId: expect.any(String), notice: {} });
  // The event of the other organisation is the first one that it gets.
  await next(other);
  expect(world.asked.map(({ allowed }) => Object.values(allowed.variables.given))).toEqual([
    [noticeId(1)],
    [noticeId(2)],
  ]);
  expect([first.waiting, other.waiting]).toEqual([0, 0]);
});

test('sends nothing of a notice whose record the reader may not see at the moment of delivery', async () => {
  const world = await opened();
  const events = await follow(world, french);
  world.notify('csirt-fr', noticeId(1));
  const hidden = audienceOf({ reach: 'NAMED', organisations: ['csirt-pl'] });
  world.write({ ...amber, audience: hidden }, 'InformationRequest:1');
  const shown = next(events);
  await until('the first notice is read', () => world.asked.length === 1);
  // Nothing tells of the first notice: not an event, and not an entry in the audit log.
  world.write(amber, 'InformationRequest:1');
  world.notify('csirt-fr', noticeId(2));
  await shown;
  expect(world.asked.at(-1)?.allowed.variables.given).toEqual({ jcuRecord: noticeId(2) });
  expect(world.entries).toHaveLength(1);
});

test('sends no notice to a subscriber to records, and no record to a subscriber to notices', async () => {
  const world = await opened();
  const records = await follow(
    world,
    french,
    'subscription S { informationRequestEvents { eventId recordId } }',
  );
  const notices = await follow(world, french);
  world.notify('csirt-fr', noticeId(1));
  world.write(amber, 'InformationRequest:1');
  expect([records.waiting, notices.waiting]).toEqual([0, 1]);
});

test('sends no notice that cannot be recorded in the audit log', async () => {
  const world = await opened();
  const events = await follow(world, french);
  world.trailIsDown = true;
  world.notify('csirt-fr', noticeId(1));
  expect((await next(events)).errors[0].extensions.code).toBe('TRAIL_UNAVAILABLE');
});

test('continues after a notice with those that came since, each once', async () => {
  const world = await opened();
  const events = await follow(world, french);
  world.notify('csirt-fr', noticeId(1));
  const { eventId } = (await next(events)).data.jointUnitNoticeEvents;
  await events.return();
  world.notify('csirt-pl', noticeId(2));
  world.notify('csirt-fr', noticeId(3));
  const text = 'subscription S($after: ID) { jointUnitNoticeEvents(resumeAfter: $after) { notice { id } } }';
  const again = await follow(world, french, text, { after: eventId });
  await next(again);
  expect(world.asked.at(-1)?.allowed.variables.given).toMatchObject({ jcuRecord: noticeId(3) });
  await expect(follow(world, polish, text, { after: eventId })).rejects.toMatchObject({
    code: 'RESUME_EXPIRED',
  });
});

test('gives readers without content no notices', async () => {
  const world = await opened();
  const refused = await world.subscribe({ ...french, roles: ['policy-auditor'] }, document);
  expect(JSON.stringify(refused)).toMatch(/REFUSED|GRAPHQL_VALIDATION_FAILED/);
});

const owns = (kind: string) => ['InformationRequest', 'JointUnitNotice'].includes(kind);

test.each([
  [
    'a notice of another community',
    { kind: 'EnisaNotice', notice: { kind: 'InformationRequest', party: 'x' } },
  ],
  [
    'a notice about a record of another community',
    { kind: 'JointUnitNotice', notice: { kind: 'Advisory', party: 'x' } },
  ],
  ['a notice without its facts', { kind: 'JointUnitNotice' }],
  [
    'a record with the facts of a notice',
    { kind: 'InformationRequest', notice: { kind: 'InformationRequest', party: 'x' } },
  ],
])('rejects an event of a community that reports %s', (_what, event) => {
  expect(() => checkKind(event, owns)).toThrow('of this community');
});
