import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChangeEvent, type ChangeLine, MalformedLine } from '../../schema/protocol/change-event.ts';
import type { AskChanges } from './ask-changes.ts';
import type { ChangeFeed } from './change-feed.ts';
import { checkKind, type Owns } from './check-kind.ts';

type Listener = Parameters<ChangeFeed['listen']>[0];
/** The log of a feed. */
export type FeedLog = { warn(details: object, message: string): void };

/** The pause before the next attempt to connect: it doubles up to the maximum while attempts fail. */
const pauseMs = { first: 100, most: 5000 } as const;

/** After this number of malformed lines in a row, the events before and after them count as lost. */
const maxMalformed = 3;

/** Gives the events from now on to all listeners of this process, over one stream. */
export class LiveFeed {
  readonly #community: string;
  readonly #owns: Owns;
  readonly #ask: AskChanges;
  readonly #log: FeedLog;
  readonly #listeners = new Set<Listener>();
  #running: AbortController | null = null;
  /** The place after the last line; null before the first. */
  #position: string | null = null;
  /** Resolves once the stream is open. Replaced whenever it closes. */
  #opened = Promise.withResolvers<void>();
  #isOpen = false;
  /** The malformed lines since the last valid one. */
  #malformed = 0;

  constructor(community: string, owns: Owns, ask: AskChanges, log: FeedLog) {
    this.#community = community;
    this.#owns = owns;
    this.#ask = ask;
    this.#log = log;
  }

  listen(listener: Listener): () => void {
    // A function that is added twice is two listeners.
    const own: Listener = (event) => listener(event);
    this.#listeners.add(own);
    if (this.#running === null) void this.#run((this.#running = new AbortController()));
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#halt();
    };
  }

  async ready(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    while (!this.#isOpen || this.#position === null) {
      signal.throwIfAborted();
      if (this.#running === null) throw new Error('expected a listener before ready()');
      const aborted = new AbortController();
      await Promise.race([
        this.#opened.promise,
        once(signal, 'abort', { signal: aborted.signal }).catch(() => undefined),
      ]).finally(() => aborted.abort());
    }
    return this.#position;
  }

  #halt(): void {
    this.#running?.abort();
    this.#running = null;
    this.#position = null;
    this.#close();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#opened = Promise.withResolvers();
  }

  async #run({ signal }: AbortController): Promise<void> {
    let pause: number = pauseMs.first;
    while (!signal.aborted) {
      try {
        const after = this.#position === null ? {} : { after: this.#position };
        await this.#ask(after, (line) => this.#take(line, signal), signal);
      } catch (error) {
        if (error instanceof MalformedLine) this.#skip();
        if (!signal.aborted)
          this.#log.warn({ part: this.#community, error: String(error) }, 'the stream of changes has ended');
      }
      if (signal.aborted) return;
      pause = this.#isOpen ? pauseMs.first : Math.min(2 * pause, pauseMs.most);
      this.#close();
      await sleep(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Skips a line that stays malformed. Otherwise the community's subscriptions would never get a later event. */
  #skip(): void {
    this.#malformed += 1;
    if (this.#malformed < maxMalformed) return;
    this.#malformed = 0;
    this.#position = null;
    this.#give('lost');
  }

  #take(line: ChangeLine, signal: AbortSignal): void {
    if (signal.aborted) return;
    if ('event' in line) {
      checkKind(line.event, this.#owns);
      this.#position = line.event.position;
      this.#malformed = 0;
      this.#give(line.event);
    } else if ('ready' in line) {
      this.#position = line.ready;
      this.#isOpen = true;
      this.#opened.resolve();
    } else if ('alive' in line) {
      this.#position = line.alive;
    } else if ('expired' in line) {
      this.#position = null;
      this.#give('lost');
    } else throw new Error('expected no end of the stream');
  }

  #give(event: ChangeEvent | 'lost'): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.warn({ error: String(error) }, 'a listener of changes failed');
      }
    }
  }
}
