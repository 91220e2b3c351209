import { HubError, type HubErrorCode } from '../../schema/errors.ts';
import type { ChangeEvent } from '../../schema/protocol/change-event.ts';
import { type FormattedResult, withConstantErrors } from '../http/constant-errors.ts';
import { constantError } from '../request/errors.ts';
import type { Events } from '../stream/run.ts';
import type { ReaderWatch, Subscriber } from './reader-watch.ts';
import type { SharedOperation } from './shared-operation.ts';
import { type TakenChange, WaitingChanges } from './waiting-changes.ts';

/** The maximum number of changes that wait for one subscriber. The subscription of a slower reader ends; it can resume. */
export const maxWaiting = 100;

/** The maximum of `setTimeout`, about 25 days. No token lives as long. */
const maxTimeoutMs = 2 ** 31 - 1;

type Step = IteratorResult<FormattedResult, void>;

/**
 * One open subscription. The transport takes an event after it has sent the one before. An event is decided, read and
 * recorded only then, so changes wait for a slow reader, and never answers.
 */
export class Subscription implements Events {
  readonly operation: SharedOperation;
  readonly watch: ReaderWatch;
  /** The reader, policy and class at the start. If one changes, the subscription ends. */
  readonly started: Subscriber;
  readonly #deliver: (change: TakenChange, subscription: Subscription) => Promise<FormattedResult | null>;
  readonly #leave: () => void;
  readonly #waiting = new WaitingChanges();
  /** The events since the start, held back while earlier events are read. Null otherwise. */
  #held: ChangeEvent[] | null = null;
  #end: HubErrorCode | null = null;
  #expiry: NodeJS.Timeout | undefined;
  #isDone = false;
  readonly #ended = new AbortController();
  #wake: () => void = () => undefined;

  constructor(
    given: Pick<Subscription, 'operation' | 'watch' | 'started'>,
    deliver: (change: TakenChange, subscription: Subscription) => Promise<FormattedResult | null>,
    leave: () => void,
  ) {
    this.operation = given.operation;
    this.watch = given.watch;
    this.started = given.started;
    this.#deliver = deliver;
    this.#leave = leave;
  }

  /** Whether the subscription has ended. */
  get isOver(): boolean {
    return this.#isDone || this.#end !== null;
  }

  /** Aborted when the subscription ends. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Adds a change that the reader may see, or could see before. */
  add(event: ChangeEvent): void {
    if (this.isOver) return;
    if (this.#held === null) this.#waiting.add(event);
    else this.#held.push(event);
    if (this.#waiting.size > maxWaiting || (this.#held?.length ?? 0) > maxWaiting) this.end('SLOW_READER');
    this.#wake();
  }

  /** Holds new events back until `release`, so that earlier events come first. */
  hold(): void {
    this.#held = [];
  }

  /** Adds an event from before the start. */
  addEarlier(event: ChangeEvent): void {
    if (!this.isOver) this.#waiting.add(event);
    this.#wake();
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) this.add(event);
  }

  /** Ends the subscription with an error as its last result. Waiting changes are dropped: the reader resumes. */
  end(code: HubErrorCode): void {
    if (this.isOver) return;
    this.#end = code;
    this.#close();
  }

  /** Ends the subscription when its token expires. */
  endAt(time: Date): void {
    const left = Math.min(maxTimeoutMs, Math.max(0, time.getTime() - Date.now()));
    this.#expiry = setTimeout(() => this.end('UNAUTHENTICATED'), left).unref();
  }

  async next(): Promise<Step> {
    for (;;) {
      if (this.#isDone) return { done: true, value: undefined };
      if (this.#end !== null) return this.#last(this.#end);
      const change = this.#waiting.take();
      if (change === null) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const result = await this.#deliverOrEnd(change);
      if (result !== null && !this.isOver) return { done: false, value: result };
    }
  }

  return(): Promise<Step> {
    if (!this.isOver) this.#close();
    this.#isDone = true;
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  async throw(): Promise<Step> {
    return await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #deliverOrEnd(change: TakenChange): Promise<FormattedResult | null> {
    try {
      return await this.#deliver(change, this);
    } catch (error) {
      this.end(error instanceof HubError ? error.code : 'INTERNAL');
      return null;
    }
  }

  #last(code: HubErrorCode): Step {
    this.#isDone = true;
    return { done: false, value: withConstantErrors({ errors: [constantError(code)] }) };
  }

  #close(): void {
    this.#ended.abort();
    clearTimeout(this.#expiry);
    this.#waiting.clear();
    this.#held = null;
    this.#leave();
    this.#wake();
  }
}
