import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { isDuplicateKey } from '../../schema/runtime/duplicate-key.ts';
import { within } from '../../schema/runtime/within.ts';
import {
  type AuditFacts,
  type ChainedEntry,
  type ChainHead,
  chainEntry,
  type Draft,
  draftAttempts,
  draftEntry,
} from './entry.ts';
import type { Counted } from './attempts.ts';
import { type EntryKey, signEntry } from './signature.ts';
import { type SignedEntry, TrailStore } from './store.ts';

/** The position of an appended entry. */
export type Appended = ChainHead & { readonly id: string };

/** The maximum time that a caller waits, in milliseconds. */
const standardPatienceMs = 2000;
/** The part of it that the writer waits for one command, so that it soon retries. */
const attemptShare = 0.5;
const healthyWriteMs = 500;
const maxPauseMs = 250;
/** Every 16th write, waits 3 ms so that another hub can append. Without this a busy writer starves it. */
const turnMs = 3;
const turnEvery = 16;
const sharedMs = 10_000;
/** The time for which entries that no caller waits for are collected. Many entries then share the two commands of a write. */
const lingerMs = 20;
/** The maximum sizes of the queue, of one write and of one entry. */
const max = {
  waiting: 5000,
  waitingBytes: 64_000_000,
  batch: 500,
  batchBytes: 16_000_000,
  entryBytes: 8_000_000,
};
const healthyWaiting = 500;

type Waiting = {
  readonly draft: Draft;
  /** Its position, once the entry is durable. */
  place: ChainHead | null;
  /** Whether the erasable parts are durable. */
  parts: boolean;
  /** Whether a caller waits until the entry is durable. */
  readonly isAwaited: boolean;
  readonly settle: (outcome: Appended | HubError) => void;
};

/**
 * Opens the audit log of a deployment. `key` returns the key to sign entries with, read again for each write. Calls `report`
 * for every failed write, and `moved` with the head after each durable write. Rejects with TRAIL_UNAVAILABLE.
 */
export async function openTrail(options: {
  readonly db: Db;
  readonly deployment: string;
  readonly key: () => EntryKey;
  readonly report?: (failure: unknown) => void;
  readonly moved?: (head: ChainHead) => void;
  /** The time within which an entry is durable, or refused. */
  readonly patienceMs?: number;
}): Promise<Trail> {
  const { db, deployment, key, report = () => {}, moved = () => {} } = options;
  const { patienceMs = standardPatienceMs } = options;
  const store = new TrailStore(db, deployment, patienceMs * attemptShare);
  try {
    return new Trail(store, await within(patienceMs, store.prepare()), { key, report, moved, patienceMs });
  } catch (error) {
    throw new HubError('TRAIL_UNAVAILABLE', 'the audit log cannot be opened', { cause: error });
  }
}

/**
 * The writer of the audit log; each hub process has one. It writes all waiting entries in one batch, in parallel with
 * their erasable parts, so that many appends cost about one write. Entries that no caller waits for are first
 * collected for 20 ms. Several hubs may write the same log: a unique index
 * gives each position to one entry, and the hub that loses chains its entries again behind the new head. After any
 * failure the writer first asks the store which entries are durable, by their ids, and retries only the others. Therefore no entry is written twice, and no confirmed entry is lost. There is no transaction: one that a killed hub left open
 * would block the next position for a minute.
 *
 * An append that timed out may still be written: the log then has an access whose answer did not leave. If only its
 * erasable parts were written, no entry commits to them, and they expire by their `at`.
 */
export class Trail {
  readonly #store: TrailStore;
  readonly #key: () => EntryKey;
  readonly #report: (failure: unknown) => void;
  readonly #moved: (head: ChainHead) => void;
  readonly #patienceMs: number;
  readonly #attemptMs: number;
  /** The queue, in order of arrival. An entry stays until it is durable or its caller has timed out. */
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;
  #head: ChainHead | null;
  #lastSeq: number;
  #failing = false;
  /** Until then another hub is assumed to write the same log: pause after each write, so that it can append. */
  #sharedUntil = 0;
  #writingSince: number | null = null;
  #writer: Promise<void> | null = null;
  #closed = false;
  /** The awaited entries in the queue, and what ends the pause that collects entries when the first of them arrives. */
  #awaited = 0;
  #hurry: (() => void) | null = null;

  constructor(
    store: TrailStore,
    head: ChainHead,
    {
      key,
      report,
      moved,
      patienceMs,
    }: {
      readonly key: () => EntryKey;
      readonly report: (failure: unknown) => void;
      readonly moved: (head: ChainHead) => void;
      readonly patienceMs: number;
    },
  ) {
    this.#patienceMs = patienceMs;
    this.#attemptMs = patienceMs * attemptShare;
    this.#store = store;
    this.#head = head;
    this.#lastSeq = head.seq;
    this.#key = key;
    this.#report = report;
    this.#moved = moved;
  }

  /** Whether the last write succeeded, none hangs, and the queue is short. */
  get healthy(): boolean {
    const hangs = this.#writingSince !== null && performance.now() - this.#writingSince > healthyWriteMs;
    return !this.#failing && !this.#closed && !hangs && this.#waiting.size < healthyWaiting;
  }

  /** Returns the number of the last entry that this hub knows to be durable, and how many wait. */
  figures(): { readonly head: number; readonly waiting: number; readonly isHealthy: boolean } {
    return { head: this.#lastSeq, waiting: this.#waiting.size, isHealthy: this.healthy };
  }

  /** Resolves once the entry is durable (majority, journaled). Rejects with TRAIL_UNAVAILABLE after 2 s. */
  async append(facts: AuditFacts): Promise<Appended> {
    const draft = this.#draft(facts);
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const settle = (outcome: Appended | HubError) => {
      clearTimeout(timer);
      if (outcome instanceof HubError) reject(outcome);
      else resolve(outcome);
    };
    const waiting = this.#admit(draft, settle, true);
    const timer = setTimeout(
      () => this.#settle(waiting, unavailable('not durable in time')),
      this.#patienceMs,
    );
    return await promise;
  }

  /** Queues an entry about failed requests. Throws TRAIL_UNAVAILABLE if the queue is full. */
  appendAttempts(counted: Counted): void {
    const draft = draftAttempts(counted, this.#store.deployment, randomUUID());
    this.#admit(draft, (outcome) => {
      if (outcome instanceof HubError) this.#report(outcome);
    });
  }

  /** Queues an entry and retries until it is durable. Throws TRAIL_UNAVAILABLE if the queue is full. */
  appendLater(facts: AuditFacts): void {
    this.#admit(this.#draft(facts), (outcome) => {
      if (outcome instanceof HubError) this.#report(outcome);
    });
  }

  /** Accepts no more entries and writes the queue. Rejects with TRAIL_UNAVAILABLE if that takes longer than `withinMs`. */
  async close(withinMs = 5000): Promise<void> {
    this.#closed = true;
    this.#hurry?.();
    const enough = new AbortController();
    const late = pause(withinMs, undefined, { signal: enough.signal }).catch(() => {});
    await Promise.race([this.#writer, late]);
    enough.abort();
    const unwritten = this.#waiting.size;
    for (const waiting of this.#waiting) this.#settle(waiting, unavailable('the audit log was closed'));
    if (unwritten > 0)
      throw unavailable(`${unwritten} entries were not written before the audit log was closed`);
  }

  #draft(facts: AuditFacts): Draft {
    const secrets = { id: randomUUID(), readerSalt: randomBytes(32), operationSalt: randomBytes(32) };
    const draft = draftEntry(facts, this.#store.deployment, secrets);
    if (draft.size > max.entryBytes)
      throw new HubError(
        'OPERATION_TOO_LARGE',
        `expected an audit entry of at most ${max.entryBytes} bytes, got ${draft.size}`,
      );
    return draft;
  }

  #admit(draft: Draft, settle: Waiting['settle'], isAwaited = false): Waiting {
    const full = this.#waiting.size >= max.waiting || this.#waitingBytes + draft.size > max.waitingBytes;
    if (this.#closed || full)
      throw unavailable(this.#closed ? 'the audit log is closed' : 'the queue of the audit log is full');
    const waiting: Waiting = { draft, place: null, parts: draft.parts === null, isAwaited, settle };
    this.#waiting.add(waiting);
    this.#waitingBytes += draft.size;
    if (isAwaited) this.#awaited += 1;
    if (isAwaited) this.#hurry?.();
    this.#writer ??= this.#write();
    return waiting;
  }

  #settle(waiting: Waiting, outcome: Appended | HubError): void {
    if (!this.#waiting.delete(waiting)) return;
    this.#waitingBytes -= waiting.draft.size;
    if (waiting.isAwaited) this.#awaited -= 1;
    waiting.settle(outcome);
  }

  async #write(): Promise<void> {
    await setImmediate();
    let failures = 0;
    let writes = 0;
    while (this.#waiting.size > 0) {
      await this.#collect();
      const batch = this.#nextBatch();
      this.#writingSince = performance.now();
      try {
        await this.#insert(batch);
        failures = 0;
        this.#failing = false;
        writes += 1;
        if (writes % turnEvery === 0 || performance.now() < this.#sharedUntil) await pause(turnMs);
      } catch (error) {
        await this.#recover(batch, error);
        failures += 1;
        await pause(pauseMs(error, failures));
      }
      this.#writingSince = null;
    }
    this.#writer = null;
  }

  /** Waits a little for further entries, unless a caller waits for one or the queue is about to be unhealthy. */
  async #collect(): Promise<void> {
    if (this.#awaited > 0 || this.#closed || this.#waiting.size >= healthyWaiting / 2) return;
    const hurry = new AbortController();
    this.#hurry = () => hurry.abort();
    await pause(lingerMs, undefined, { signal: hurry.signal }).catch(() => undefined);
    this.#hurry = null;
  }

  #nextBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.draft.size;
      if (batch.length > 0 && (batch.length >= max.batch || bytes > max.batchBytes)) break;
      batch.push(waiting);
    }
    return batch;
  }

  async #insert(batch: readonly Waiting[]): Promise<void> {
    const head = this.#head ?? (await within(this.#attemptMs, this.#store.readHead()));
    this.#head = null;
    const unchained = batch.filter(({ place }) => place === null);
    const entries = await chainAll(unchained, head, this.#key());
    const withoutParts = batch.filter(({ parts }) => !parts).map(({ draft }) => draft);
    const both = [this.#store.insertEntries(entries), this.#store.insertParts(withoutParts)];
    const outcomes = await within(this.#attemptMs, Promise.allSettled(both));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const { seq, hash } = entries.at(-1) ?? head;
    this.#head = { seq, hash };
    this.#lastSeq = seq;
    if (entries.length > 0) this.#moved({ seq, hash });
    for (const [index, waiting] of unchained.entries()) waiting.place = entries[index] ?? null;
    for (const waiting of batch) {
      waiting.parts = true;
      this.#settleIfIn(waiting);
    }
  }

  /** Asks the store which entries are durable. If it does not answer, all are retried with the same ids. */
  async #recover(batch: readonly Waiting[], error: unknown): Promise<void> {
    this.#head = null;
    if (isTaken(error)) this.#sharedUntil = performance.now() + sharedMs;
    else {
      this.#failing = true;
      this.#report(error);
    }
    const ids = batch.map(({ draft }) => draft.body.id);
    const found = await within(this.#attemptMs, this.#store.find(ids)).catch(() => null);
    for (const waiting of found === null ? [] : batch) {
      waiting.place = found?.chained.get(waiting.draft.body.id) ?? null;
      waiting.parts = waiting.draft.parts === null || (found?.parts.has(waiting.draft.body.id) ?? false);
      this.#settleIfIn(waiting);
    }
  }

  #settleIfIn(waiting: Waiting): void {
    const { place, parts, draft } = waiting;
    if (place !== null && parts)
      this.#settle(waiting, { id: draft.body.id, seq: place.seq, hash: place.hash });
  }
}

async function chainAll(
  waiting: readonly Waiting[],
  head: ChainHead,
  key: EntryKey,
): Promise<readonly SignedEntry[]> {
  const entries: ChainedEntry[] = [];
  for (const { draft } of waiting) entries.push(chainEntry(draft, entries.at(-1) ?? head, key.id));
  return await Promise.all(
    entries.map(async (entry) => ({ ...entry, signature: await signEntry(entry.bytes, key) })),
  );
}

/** Returns whether the position was taken: by another hub, or by an own write whose answer did not arrive. */
function isTaken(error: unknown): boolean {
  return isDuplicateKey(error);
}

/** Returns the pause: short and random if the position was taken, exponential if the store is down. */
function pauseMs(error: unknown, failures: number): number {
  const soon = isTaken(error) && failures < 20;
  return soon ? Math.random() * turnMs : Math.min(maxPauseMs, 10 * 2 ** failures);
}

function unavailable(detail: string): HubError {
  return new HubError('TRAIL_UNAVAILABLE', detail);
}
