import { generateKeyPair } from 'jose';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import type { AuditFacts } from '../../../gateway/audit/entry.ts';
import type { Stages } from '../../../gateway/answer.ts';
import { listLengthsOf } from '../../../gateway/budget/list-lengths.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import type { Identify } from '../../../gateway/http/context-middleware.ts';
import { KindSchemas } from '../../../gateway/introspection/kinds.ts';
import type { ChangeFeed } from '../../../gateway/live/change-feed.ts';
import { createEventIds } from '../../../gateway/live/event-id.ts';
import { Subscriptions } from '../../../gateway/live/subscriptions.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { Allowed } from '../../../gateway/plan/gather.ts';
import type { Identity, RequestContext } from '../../../gateway/request/context.ts';
import { createParse } from '../../../gateway/request/parse.ts';
import { createValidate } from '../../../gateway/request/validate.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';
import { HubError } from '../../../schema/errors.ts';
import type { ChangeEvent } from '../../../schema/protocol/change-event.ts';
import { isShareable } from '../../../schema/protocol/shareable.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import { read } from '../../../schema/sources.ts';
import { policy } from '../../helpers/policy.ts';
import { envelopeOf, readerOf } from '../../helpers/records.ts';
import { disclosure } from '../audit/facts.ts';

/** The graph of the project. */
export const published: GraphQLSchema = buildSchema(read('published.graphql'));
const log = pino({ level: 'silent' });
/** The record of the world, and a subscription to its kind. */
export const id = 'Advisory:q3Jr0cXoT1y2bV8kLw5zSg';
export const document = 'subscription S { advisoryEvents { eventId change recordId record { id serial } } }';

/** A store of one record, a feed of its changes, and the subscriptions on it. No subgraph and no hub is needed. */
export class World {
  readonly entries: AuditFacts[] = [];
  readonly asked: { readonly allowed: Allowed; readonly context: RequestContext }[] = [];
  /** The kind of the record. */
  kind = 'Advisory';
  /** The stored record; null before the first write. */
  envelope: Envelope | null = null;
  serial = 'S-1';
  /** When a notice was entered. */
  at = '2026-11-29T10:00:00.000Z';
  trailIsDown = false;
  communityIsDown = false;
  /** The community answers once this resolves. */
  answersAfter: Promise<void> = Promise.resolve();
  refusal: HubError | null = null;
  /** Changes the facts of a reader after the start. */
  facts: Partial<Reader> = {};
  readonly past: ChangeEvent[] = [];
  listeners: ((event: ChangeEvent | 'lost') => void)[] = [];
  subscriptions!: Subscriptions;
  /** The stages in force. Another planner stands for another supergraph. */
  stages: Stages = this.#stages();
  #position = 0;
  #before: readonly string[] = [];

  static async open(): Promise<World> {
    const world = new World();
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    const ids = createEventIds(() => ({ id: 'k', privateKey }));
    world.subscriptions = new Subscriptions({
      stages: () => world.stages,
      feeds: new Map(['cert-eu', 'joint-unit'].map((community) => [community, world.#feed()])),
      ids,
      readers: { identify: world.identify, policyInForce: () => policy },
      log,
    });
    return world;
  }

  /** Subscribes as a reader. The token is the reader's subject. */
  async subscribe(changes: Partial<Reader> = {}, text = document, variables = {}, expiresAt = '2099-01-01') {
    const identity = identityOf(readerOf(changes), expiresAt);
    this.#identities.set(identity.reader.subject, identity);
    const at = new Date();
    const context = {
      ...identity,
      correlationId: 'c',
      at,
      policy,
      deadline: at.getTime() + 1000,
      signal: new AbortController().signal,
      setHeaders: () => undefined,
      observed: new Observed(),
    };
    const operation = createParse()({ query: text, variables });
    return await this.subscriptions.subscribe(operation, context, identity.reader.subject);
  }

  /** Writes the record, and sends its change. */
  write(changes: Partial<Envelope>, of = id): ChangeEvent {
    const isNew = this.envelope === null;
    this.envelope = envelopeOf(changes);
    const admits = policy.subscribeKeys(this.envelope, 'Advisory', new Date());
    this.#position += 1;
    const event = {
      kind: 'Advisory',
      id: of,
      version: this.#position,
      isNew,
      admits,
      before: this.#before,
      position: `p${this.#position}`,
    };
    this.#before = admits;
    this.past.push(event);
    this.send(event);
    return event;
  }

  /** Sends a new notice about the record to an organisation. The record must have been written. */
  notify(party: string, noticeId: string): ChangeEvent {
    if (this.envelope === null) throw new Error('expected a record before its notice');
    const { kind } = this;
    this.#position += 1;
    const event = {
      kind: 'JointUnitNotice',
      id: noticeId,
      version: 1,
      isNew: true,
      admits: policy.subscribeKeys(this.envelope, kind, new Date()),
      before: [],
      position: `p${this.#position}`,
      notice: { kind, party },
    };
    this.past.push(event);
    this.send(event);
    return event;
  }

  send(event: ChangeEvent | 'lost'): void {
    for (const listener of this.listeners) listener(event);
  }

  readonly #identities = new Map<string, Identity>();

  /** Returns a reader of the test; for `Bearer SUBJECT`, an analyst with this subject. */
  readonly identify: Identify = async (authorization = '') => {
    if (this.refusal !== null) throw this.refusal;
    const [, subject] = /^Bearer (.+)$/.exec(authorization) ?? [];
    const identity =
      subject === undefined
        ? this.#identities.get(authorization)
        : identityOf(readerOf({ subject }), '2099-01-01');
    if (identity === undefined) throw new HubError('UNAUTHENTICATED');
    return await Promise.resolve({ ...identity, reader: { ...identity.reader, ...this.facts } });
  };

  #stages(): Stages {
    const trail = {
      healthy: true,
      append: async (facts: AuditFacts) => {
        if (this.trailIsDown) throw new HubError('TRAIL_UNAVAILABLE');
        this.entries.push(facts);
        return await Promise.resolve({ id: '', seq: 0, hash: '' });
      },
      appendLater: (facts: AuditFacts) => {
        if (this.trailIsDown) throw new HubError('TRAIL_UNAVAILABLE');
        this.entries.push(facts);
      },
    };
    const stages = {
      planner: { schema: published },
      gather: async (allowed: Allowed, context: RequestContext) => {
        this.asked.push({ allowed, context });
        await this.answersAfter;
        return this.#gather(context);
      },
      store: { trail: () => trail },
      kinds: new KindSchemas(published),
      charge: { request: async () => undefined, operation: async () => undefined },
      agreements: { refresh: async () => undefined },
      findProposals: async () => await Promise.resolve([]),
      stateAddressed: async (_prepared: unknown, context: RequestContext) => await Promise.resolve(context),
      validate: createValidate(published),
      lists: listLengthsOf(published),
    };
    return stages as unknown as Stages;
  }

  /** Answers as the subgraph does: it decides again, for the actions `read` and `subscribe`. */
  #gather(context: RequestContext) {
    const collected = createCollected();
    if (this.communityIsDown) collected.failedSubgraphs.add('cert-eu');
    const access = policy.accessOf(context.reader, new Date());
    const isSeen =
      this.envelope !== null &&
      !this.communityIsDown &&
      policy.decideRow(this.envelope, this.kind, access) !== null &&
      policy.may(access, 'subscribe', this.kind, 'content', this.envelope);
    const row = isSeen ? { id, serial: this.serial, at: this.at } : null;
    if (isSeen) collected.disclosed.push(disclosure({ tlp: this.envelope?.marking.tlp ?? 'RED' }));
    if (!isShareable(collected.disclosed, 'GREEN')) collected.unshared.add('cert-eu');
    const data = { record: row, notice: row, jcuSeen: isSeen ? { id } : null };
    return { written: new WrittenData(JSON.stringify(data)), given: null, collected };
  }

  #feed(): ChangeFeed {
    return {
      listen: (listener) => {
        this.listeners.push(listener);
        return () => {
          this.listeners = this.listeners.filter((one) => one !== listener);
        };
      },
      ready: async () => await Promise.resolve(`p${this.#position}`),
      after: (position) => {
        const at = this.past.findIndex((event) => event.position === position);
        const events = this.past.slice(at + 1);
        return (async function* () {
          if (at < 0) throw new HubError('RESUME_EXPIRED');
          yield* events;
          await Promise.resolve();
        })();
      },
    };
  }
}

function identityOf(reader: Reader, expiresAt: string): Identity {
  return {
    reader,
    token: { clientId: 'test', id: reader.subject },
    budget: undefined,
    expiresAt: new Date(expiresAt),
  };
}
