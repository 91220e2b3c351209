import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import { HubError, type HubErrorCode } from '../../schema/errors.ts';
import type { Run } from '../../schema/runtime/observe/run.ts';
import type { ChangeEvent } from '../../schema/protocol/change-event.ts';
import { execute, type ParsedOperation, prepare, type Stages } from '../answer.ts';
import { documentMemory } from '../http/document-store.ts';
import type { FormattedResult } from '../http/constant-errors.ts';
import type { Readers } from '../http/context-middleware.ts';
import { permissionClassOf } from '../policy/permission-class.ts';
import type { RequestContext } from '../request/context.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { EventIds } from './event-id.ts';
import { EventIndex, isConcerned } from './event-index.ts';
import { eventQueryOf } from './event-query.ts';
import { resultOfEvent } from './read-event.ts';
import { asSubscriber, type Subscriber } from './reader-watch.ts';
import { Room } from './room.ts';
import { SharedAnswers } from './shared-answers.ts';
import { keyOfOperation, type SharedOperation, SharedOperations } from './shared-operation.ts';
import { maxWaiting, Subscription } from './subscription.ts';
import { ReaderWatches } from './reader-watches.ts';
import type { TakenChange } from './waiting-changes.ts';

/** The parts of the hub that subscriptions use. */
export type LiveParts = {
  /** The stages with the engine that is in force. */
  readonly stages: () => Stages;
  /** Measures the stages of events. */
  readonly run?: Run;
  /** The changes of each community. */
  readonly feeds: ReadonlyMap<string, ChangeFeed>;
  readonly ids: EventIds;
  readonly readers: Readers;
  readonly log: Logger;
};

/** The maximum time for which the start of a subscription waits for the feed of a community. */
const readyMs = 5000;
/** The estimated memory of a subscription without its document. */
const ownBytes = 4000;
const drainMs = 20;
/** The longest time for which a reader of past events takes none of them, and for which slow readers read them in all. */
const maxPastMs = { stalled: 5000, inAll: 60_000 };

/**
 * The open subscriptions of this hub process. One feed of changes for each community is connected while it has listeners.
 * The subscriptions get its events in memory.
 */
export class Subscriptions {
  readonly #parts: LiveParts;
  readonly #room = new Room();
  readonly #operations = new SharedOperations();
  readonly #index = new EventIndex();
  readonly #open = new Map<string, Set<Subscription>>();
  readonly #listening = new Map<string, () => void>();
  readonly #watches: ReaderWatches;
  readonly #answers: SharedAnswers;
  readonly #stopped = new AbortController();

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#answers = new SharedAnswers(parts);
    this.#watches = new ReaderWatches(parts.readers);
  }

  /** Starts a subscription: charged, validated and decided as a query. Returns a result if the policy refuses all of it. */
  async subscribe(
    operation: ParsedOperation,
    context: RequestContext,
    authorization: string | undefined,
  ): Promise<Subscription | ExecutionResult> {
    const { feeds } = this.#parts;
    const stages = this.#parts.stages();
    const asked = asSubscriber(context);
    const prepared = await prepare(operation, asked, stages);
    if ('errors' in prepared) return prepared;
    if (prepared.decision.allowed === null) return await execute(prepared, asked, stages);
    if (this.#stopped.signal.aborted) throw new HubError('HUB_STOPPING');
    // From here to `#enter` nothing waits, so every open subscription uses the engine in force.
    if (stages.planner !== this.#parts.stages().planner)
      throw new HubError('RESUME_EXPIRED', 'another supergraph came into force');
    const { reader, policy, at } = asked;
    const access = policy.accessOf(reader, at);
    const permissionClass = permissionClassOf(reader, policy, at);
    const key = keyOfOperation(prepared, permissionClass);
    const query =
      this.#operations.find(key)?.query ??
      eventQueryOf(prepared, stages.planner.schema, stages.kinds.of(access), policy);
    const feed = feeds.get(query.community);
    if (feed === undefined) throw new HubError('PART_UNAVAILABLE', `no changes of ${query.community}`);
    const started = { identity: asked, policy, permissionClass };
    const subscription = this.#enter({ key, prepared, query, stages }, started, authorization);
    asked.endTurn?.();
    await this.#begin(subscription, feed, context.signal);
    return subscription;
  }

  /** Ends all subscriptions after another supergraph came into force: they were checked and decided under the old one. */
  restart(): void {
    this.#answers.forget();
    this.#endAll('RESUME_EXPIRED');
  }

  /** Ends all subscriptions with HUB_STOPPING. */
  stop(): void {
    this.#stopped.abort();
    this.#watches.stop();
    this.#endAll('HUB_STOPPING');
  }

  #endAll(code: HubErrorCode): void {
    for (const open of this.#open.values()) for (const one of open) one.end(code);
  }

  /** Adds a subscription to all that it uses. Throws if there is no room. */
  #enter(asked: SharedOperation, started: Subscriber, authorization: string | undefined): Subscription {
    const { source } = asked.prepared.operation;
    const { subject } = started.identity.reader;
    const ofDocument = () => this.#room.enter(subject, documentMemory(source.length), 0);
    const operation = this.#operations.enter(asked, ofDocument);
    let leaveRoom: () => void;
    try {
      leaveRoom = this.#room.enter(subject, ownBytes + 2 * asked.key.length);
    } catch (error) {
      this.#operations.leave(operation);
      throw error;
    }
    const watch = this.#watches.enter(authorization);
    const { identity, policy, permissionClass } = started;
    const { reader, token, budget, expiresAt } = identity;
    const kept = { identity: { reader, token, budget, expiresAt }, policy, permissionClass };
    const subscription: Subscription = new Subscription(
      { operation, watch, started: kept },
      async (change, to) => await this.#deliver(change, to),
      () => {
        leaveRoom();
        this.#operations.leave(operation);
        this.#watches.leave(authorization, subscription);
        this.#leave(subscription);
      },
    );
    this.#watches.add(authorization, subscription);
    this.#index.add(subscription);
    const { community } = operation.query;
    const open = this.#open.get(community) ?? new Set();
    this.#open.set(community, open.add(subscription));
    return subscription;
  }

  #leave(subscription: Subscription): void {
    const { community } = subscription.operation.query;
    this.#index.remove(subscription);
    const open = this.#open.get(community);
    open?.delete(subscription);
    if (open !== undefined && open.size > 0) return;
    this.#open.delete(community);
    this.#listening.get(community)?.();
    this.#listening.delete(community);
  }

  /** Waits until the feed is connected, so that no later event is missed. Reads the events after `resumeAfter`. */
  async #begin(subscription: Subscription, feed: ChangeFeed, signal: AbortSignal): Promise<void> {
    const { query } = subscription.operation;
    try {
      const after = query.resumeAfter === null ? null : await this.#positionOf(subscription);
      if (after !== null) subscription.hold();
      if (!this.#listening.has(query.community))
        this.#listening.set(
          query.community,
          feed.listen((event) => this.#take(query.community, event)),
        );
      const until = AbortSignal.any([signal, this.#stopped.signal, AbortSignal.timeout(readyMs)]);
      await feed.ready(until).catch((error: unknown) => {
        throw new HubError('PART_UNAVAILABLE', 'the changes are not available', { cause: error });
      });
      if (after !== null) void this.#catchUp(subscription, feed, after);
    } catch (error) {
      await subscription.return();
      throw error;
    }
  }

  async #positionOf({ operation: { query }, started }: Subscription): Promise<string> {
    const { community, kind, resumeAfter } = query;
    const { policy, permissionClass } = started;
    return await this.#parts.ids.open(resumeAfter ?? '', {
      community,
      kind,
      policy: policy.version,
      permissionClass,
    });
  }

  /** Waits while the reader has not taken earlier events. A reader who takes none holds back all who read past events. */
  async #untilDrained(subscription: Subscription, began: number): Promise<void> {
    const stalled = performance.now();
    while (!subscription.isOver && subscription.waiting >= maxWaiting / 2) {
      const now = performance.now();
      if (now - stalled >= maxPastMs.stalled || now - began >= maxPastMs.inAll)
        subscription.end('SLOW_READER');
      else await new Promise((resolve) => setTimeout(resolve, drainMs));
    }
  }

  async #catchUp(subscription: Subscription, feed: ChangeFeed, position: string): Promise<void> {
    try {
      const until = AbortSignal.any([this.#stopped.signal, subscription.ended]);
      const began = performance.now();
      for await (const event of feed.after(position, subscription.started.identity.reader.subject, until)) {
        if (subscription.isOver) return;
        const { kind, recordId } = subscription.operation.query;
        if (event.kind !== kind || (recordId !== null && recordId !== event.id)) continue;
        if (!isConcerned(event, subscription.started, new Date())) continue;
        await this.#untilDrained(subscription, began);
        subscription.addEarlier(event);
      }
      subscription.release();
    } catch (error) {
      if (subscription.isOver) return;
      this.#parts.log.warn({ error }, 'a subscription could not be resumed');
      subscription.end(codeOf(error));
    }
  }

  #take(community: string, event: ChangeEvent | 'lost'): void {
    if (event === 'lost') {
      for (const one of this.#open.get(community) ?? []) one.end('RESUME_EXPIRED');
      return;
    }
    for (const one of this.#index.concerned(event, new Date())) one.add(event);
  }

  /**
   * Decides, reads and records one event for one reader. Null if the reader may not know of it. Throws if the reader is
   * not the same as at the start.
   */
  async #deliver(change: TakenChange, subscription: Subscription): Promise<FormattedResult | null> {
    try {
      const { operation, watch, started } = subscription;
      const fresh = async (): Promise<Subscriber> => {
        const subscriber = await watch.fresh();
        if (subscriber.permissionClass === started.permissionClass) return subscriber;
        throw new HubError('RESUME_EXPIRED', 'the facts about the reader or the policy have changed');
      };
      const answer = await this.#answers.read([change, operation, await fresh()], subscription.ended);
      if (answer === null) return null;
      // The read can have waited long for its turn.
      return await resultOfEvent(answer, change, operation, await fresh(), this.#parts);
    } catch (error) {
      if (subscription.isOver) return null;
      const level = error instanceof HubError && error.status < 500 ? 'debug' : 'error';
      this.#parts.log[level]({ error }, 'an event could not be delivered');
      throw error;
    }
  }
}

function codeOf(error: unknown): HubErrorCode {
  return error instanceof HubError ? error.code : 'PART_UNAVAILABLE';
}
