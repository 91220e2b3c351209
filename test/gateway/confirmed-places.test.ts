import { expect, test } from '@jest/globals';
import { answer, type Stages } from '../../gateway/answer.ts';
import { findProposals } from '../../gateway/addressed/settle-proposals.ts';
import { createCollected } from '../../gateway/dispatch/collected.ts';
import { Observed } from '../../gateway/observe/observed.ts';
import type { GrantEntry } from '../../gateway/registry/grants.ts';
import { openRegistry } from '../../gateway/registry/registry.ts';
import type { RequestContext } from '../../gateway/request/context.ts';
import { isChange } from '../../gateway/request/operation.ts';
import { createParse } from '../../gateway/request/parse.ts';
import { WrittenData } from '../../gateway/shape/written-data.ts';
import { HubError } from '../../schema/errors.ts';
import { grantIdOf } from '../../schema/record/release.ts';
import { policy } from '../helpers/policy.ts';
import { readerOf } from '../helpers/records.ts';
import { World } from './live/world.ts';
import { startRegistry } from './registry/registry-of.ts';

/** The place in the registry of a proposed release, whatever becomes of its confirmation. */

const record = 'MispEvent:q3Jr0cXoT1y2bV8kLw5zSg';
const now = new Date('2026-11-03T10:00:00Z');
const day = (number: number) => new Date(now.getTime() + number * 86_400_000);
const until = day(90);
const person = 'u-1';
const grant: GrantEntry = {
  _id: grantIdOf({ by: 'cert-eu', to: 'csirt-pl', until, proposal: { person } }),
  by: 'cert-eu',
  to: 'csirt-pl',
  until,
  person,
  uses: 1,
};
const input = '(input: { key: "k", id: $id, expectedVersion: 1, release: "r-1", reason: "EXERCISE" })';
const confirm = `mutation C($id: ID!) { confirmReleaseOfCertEuRecord${input} { version userErrors { code } } }`;

const made = { version: 2, userErrors: [] };
const refused = { version: null, userErrors: [{ code: 'CLOSED' }] };

/** A hub with a registry, and a community that shows a proposed release in a state. */
class Hub {
  state = 'PROPOSED';
  /** The answer of the community to the confirmation. */
  payload: object | null | Error = made;
  isRefusing = false;
  readonly grants;
  readonly #registry;
  readonly #world: World;

  constructor(world: World, { db }: Awaited<ReturnType<typeof startRegistry>>) {
    this.#world = world;
    this.#registry = openRegistry(db, 60_000);
    this.grants = db.collection<GrantEntry>('grants');
  }

  /** Confirms the release, `days` after the proposal. */
  async confirm(days = 0, query = confirm): Promise<unknown> {
    const context = {
      reader: readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst'] }),
      token: { clientId: 'test', id: null },
      at: day(days),
      policy,
      correlationId: 'c',
      deadline: Date.now() + 1000,
      signal: new AbortController().signal,
      setHeaders: () => undefined,
      observed: new Observed(),
    } as unknown as RequestContext;
    const { stages } = this.#world;
    const stateAddressed = async () => {
      if (this.isRefusing) throw new HubError('OPERATION_TOO_LARGE');
      return await Promise.resolve(context);
    };
    const own = {
      store: { ...stages.store, registry: this.#registry },
      findProposals,
      stateAddressed,
      gather: this.#gather,
    };
    const operation = createParse()({ query, variables: { id: record } });
    return await answer(operation, context, { ...stages, ...own } as unknown as Stages);
  }

  async grant(): Promise<GrantEntry | null> {
    return await this.grants.findOne({ _id: grant._id });
  }

  readonly #gather: Stages['gather'] = async ({ document }) => {
    const isRead = !isChange(document);
    if (!isRead && this.payload instanceof Error) throw this.payload;
    const proposal = { state: this.state, person, confirmBy: day(7).toISOString() };
    const release = { id: 'r-1', to: { id: 'Organisation:csirt-pl' }, until: until.toISOString(), proposal };
    const data = isRead
      ? { named: { id: record, envelope: { releases: [release] } } }
      : { confirmReleaseOfCertEuRecord: this.payload };
    const written = new WrittenData(JSON.stringify(data));
    return await Promise.resolve({ written, given: null, collected: createCollected() });
  };
}

async function startHub(entry: GrantEntry | null = { ...grant, lapsesAt: day(7) }) {
  const registry = await startRegistry();
  const hub = new Hub(await World.open(), registry);
  if (entry !== null) await hub.grants.insertOne(entry);
  return { hub, [Symbol.asyncDispose]: registry[Symbol.asyncDispose] };
}

test('keeps the place of a confirmed release until its end', async () => {
  await using started = await startHub();
  await started.hub.confirm();
  expect(await started.hub.grant()).toEqual(grant);
});

test('lets the place of a refused confirmation end when the proposal lapses', async () => {
  await using started = await startHub();
  const { hub } = started;
  hub.payload = refused;
  await hub.confirm();
  expect(await hub.grant()).toEqual({ ...grant, lapsesAt: day(7) });
});

test('lets the place end when the proposal lapses if the confirmation was never sent', async () => {
  await using started = await startHub();
  const { hub } = started;
  hub.isRefusing = true;
  await expect(hub.confirm()).rejects.toMatchObject({ code: 'OPERATION_TOO_LARGE' });
  expect(await hub.grant()).toEqual({ ...grant, lapsesAt: day(7) });
});

test('never ends a release that can be confirmed: the place stays while the result is unknown', async () => {
  await using started = await startHub();
  const { hub } = started;
  const without = confirm.replace('version userErrors { code }', '__typename');
  for (const [payload, query] of [
    [null, confirm],
    [{ __typename: 'RecordPayload' }, without],
    [new Error('EXERCISE: the hub was killed'), confirm],
  ] as const) {
    hub.payload = payload;
    await hub.confirm(0, query).catch(() => undefined);
    expect(await hub.grant()).not.toHaveProperty('lapsesAt');
  }
  // A refusal of another person does not end it either.
  hub.payload = refused;
  await hub.confirm();
  expect(await hub.grant()).not.toHaveProperty('lapsesAt');
});

test('frees the place once the record shows that a confirmation with an unknown result was not made', async () => {
  await using started = await startHub();
  const { hub } = started;
  hub.payload = null;
  await hub.confirm(1);
  hub.payload = refused;
  // Within the hour the confirmation could still be in progress.
  await hub.confirm(1);
  expect(await hub.grant()).not.toHaveProperty('lapsesAt');
  await hub.confirm(2);
  expect(await hub.grant()).toEqual({ ...grant, lapsesAt: day(7) });

  hub.payload = null;
  await hub.confirm(3);
  expect(await hub.grant()).not.toHaveProperty('lapsesAt');
  [hub.state, hub.payload] = ['LAPSED', refused];
  await hub.confirm(8);
  expect(await hub.grant()).toEqual({ ...grant, lapsesAt: day(7) });
});

test.each<[string, GrantEntry | null]>([
  ['lapsed in the registry of a hub with another clock', { ...grant, lapsesAt: day(6) }],
  ['is not in the registry any more', null],
])('gives a confirmed release its grant if the grant %s', async (_what, entry) => {
  await using started = await startHub(entry);
  await started.hub.confirm(6);
  expect(await started.hub.grant()).toEqual(grant);
});

test('confirms a release whose grant a hub of an earlier version entered without the end of its place', async () => {
  await using started = await startHub(grant);
  const { hub } = started;
  for (const payload of [refused, made]) {
    hub.payload = payload;
    await hub.confirm();
    expect(await hub.grant()).toEqual(grant);
  }
});

test('refuses a confirmation before it is sent if its grant has no place any more', async () => {
  await using started = await startHub({ ...grant, lapsesAt: day(6) });
  const { hub } = started;
  const others = Array.from({ length: 8 }, (_, at) => ({ ...grant, _id: `other-${at}` }));
  await hub.grants.insertMany(others);
  hub.payload = new Error('EXERCISE: sent');
  await expect(hub.confirm(6)).rejects.toMatchObject({ code: 'TOO_MANY_GRANTS' });
});
