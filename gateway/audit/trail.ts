import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { type Db, MongoServerError } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';
import {
  type AuditFacts,
  type ChainedEntry,
  type ChainHead,
  chainEntry,
  type Draft,
  draftEntry,
} from './entry.ts';
import { TrailStore } from './store.ts';

/** The place that an access got. */
export type Appended = ChainHead & { readonly id: string };

/** How long a caller waits at most, in milliseconds: a trail that is down is known by then. */
const patienceMs = 2000;
/** How long the writer waits for one command, so that it notices soon when the store is back. */
const attemptMs = 1000;
const healthyWriteMs = 500;
const longestPauseMs = 250;
/** A turn left to other hubs: now and then to one not met yet, which a busy writer would keep out for seconds. */
const turnMs = 3;
const turnEvery = 16;
const sharedMs = 10_000;
/** What may wait at most, and what goes in one write. */
const most = {
  waiting: 5000,
  waitingBytes: 64_000_000,
  batch: 500,
  batchBytes: 16_000_000,
  entryBytes: 8_000_000,
};
const healthyWaiting = 500;

type Waiting = {
  readonly draft: Draft;
  /** Its place, once its entry is durable. */
  place: ChainHead | null;
  /** Whether its erasable parts are durable. */
  parts: boolean;
  readonly settle: (outcome: Appended | HubError) => void;
};

/** Opens a deployment's trail; `report` gets every failure of a write. Rejects with TRAIL_UNAVAILABLE. */
export async function openTrail(options: {
  readonly db: Db;
  readonly deployment: string;
  readonly report?: (failure: unknown) => void;
}): Promise<Trail> {
  const store = new TrailStore(options.db, options.deployment);
  try {
    return new Trail(store, await within(patienceMs, store.prepare()), options.report ?? (() => {}));
  } catch (error) {
    throw new HubError('TRAIL_UNAVAILABLE', 'the trail cannot be opened', { cause: error });
  }
}

/**
 * The one writer of a hub. Whatever waits is chained and written together, entries and erasable parts side by side,
 * so that many appends cost about one write. Several hubs may write one trail: the store gives a place to one entry
 * only, and who comes second chains again behind the new head. After any failure the writer asks the store which
 * entries are durably in, by their ids, before it tries the others again: so none is in twice, and none that was
 * promised is lost. No transaction: one left open by a hub that was killed would hold the next place for a minute.
 *
 * An append that was given up may still get in: the trail then holds an access whose answer did not leave. If its
 * erasable parts alone got in, they are harmless: no entry commits to them, and they expire by their `at` like all.
 */
export class Trail {
  readonly #store: TrailStore;
  readonly #report: (failure: unknown) => void;
  /** In the order of their coming. What is being written stays until it is in, or given up. */
  readonly #waiting = new Set<Waiting>();
  #waitingBytes = 0;
  #head: ChainHead | null;
  #failing = false;
  /** While another hub is known to write the same trail: then each leaves the other a turn after its own. */
  #sharedUntil = 0;
  #writingSince: number | null = null;
  #writer: Promise<void> | null = null;
  #closed = false;

  constructor(store: TrailStore, head: ChainHead, report: (failure: unknown) => void) {
    this.#store = store;
    this.#head = head;
    this.#report = report;
  }

  /** Whether the last write succeeded, none hangs, and few wait. */
  get healthy(): boolean {
    const hangs = this.#writingSince !== null && performance.now() - this.#writingSince > healthyWriteMs;
    return !this.#failing && !this.#closed && !hangs && this.#waiting.size < healthyWaiting;
  }

  /** Resolves once the access is durable (on a majority, in the journal); rejects with TRAIL_UNAVAILABLE in 2 s. */
  async append(facts: AuditFacts): Promise<Appended> {
    const draft = this.#draft(facts);
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const waiting = this.#admit(draft, (outcome) => {
      clearTimeout(timer);
      if (outcome instanceof HubError) reject(outcome);
      else resolve(outcome);
    });
    const timer = setTimeout(() => this.#settle(waiting, unavailable('not durable in time')), patienceMs);
    return await promise;
  }

  /** Takes an access in and tries until it is durable; throws TRAIL_UNAVAILABLE if it cannot take any more. */
  appendLater(facts: AuditFacts): void {
    this.#admit(this.#draft(facts), (outcome) => {
      if (outcome instanceof HubError) this.#report(outcome);
    });
  }

  /** Takes no more, writes what waits; rejects with TRAIL_UNAVAILABLE if that is not done within the time given. */
  async close(withinMs = 5000): Promise<void> {
    this.#closed = true;
    const enough = new AbortController();
    const late = pause(withinMs, undefined, { signal: enough.signal }).catch(() => {});
    await Promise.race([this.#writer, late]);
    enough.abort();
    const lost = this.#waiting.size;
    for (const waiting of this.#waiting) this.#settle(waiting, unavailable('the trail was closed'));
    if (lost > 0) throw unavailable(`${lost} accesses did not get into the trail before it was closed`);
  }

  #draft(facts: AuditFacts): Draft {
    const secrets = { id: randomUUID(), readerSalt: randomBytes(32), operationSalt: randomBytes(32) };
    const draft = draftEntry(facts, this.#store.deployment, secrets);
    if (draft.size > most.entryBytes)
      throw new HubError('OPERATION_TOO_LARGE', `an entry of ${draft.size} bytes`);
    return draft;
  }

  #admit(draft: Draft, settle: Waiting['settle']): Waiting {
    const full = this.#waiting.size >= most.waiting || this.#waitingBytes + draft.size > most.waitingBytes;
    if (this.#closed || full) throw unavailable(this.#closed ? 'the trail is closed' : 'too many wait');
    const waiting: Waiting = { draft, place: null, parts: false, settle };
    this.#waiting.add(waiting);
    this.#waitingBytes += draft.size;
    this.#writer ??= this.#write();
    return waiting;
  }

  #settle(waiting: Waiting, outcome: Appended | HubError): void {
    if (!this.#waiting.delete(waiting)) return;
    this.#waitingBytes -= waiting.draft.size;
    waiting.settle(outcome);
  }

  async #write(): Promise<void> {
    await setImmediate();
    let failures = 0;
    let writes = 0;
    while (this.#waiting.size > 0) {
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

  #nextBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.draft.size;
      if (batch.length > 0 && (batch.length >= most.batch || bytes > most.batchBytes)) break;
      batch.push(waiting);
    }
    return batch;
  }

  async #insert(batch: readonly Waiting[]): Promise<void> {
    const head = this.#head ?? (await within(attemptMs, this.#store.readHead()));
    this.#head = null;
    const homeless = batch.filter(({ place }) => place === null);
    const entries = chainAll(homeless, head);
    const bare = batch.filter(({ parts }) => !parts).map(({ draft }) => draft);
    const both = [this.#store.insertEntries(entries), this.#store.insertParts(bare)];
    const outcomes = await within(attemptMs, Promise.allSettled(both));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const { seq, hash } = entries.at(-1) ?? head;
    this.#head = { seq, hash };
    for (const [index, waiting] of homeless.entries()) waiting.place = entries[index] ?? null;
    for (const waiting of batch) {
      waiting.parts = true;
      this.#settleIfIn(waiting);
    }
  }

  /** Whatever went wrong, the store alone knows what is in; if it does not say, all are tried again by their ids. */
  async #recover(batch: readonly Waiting[], error: unknown): Promise<void> {
    this.#head = null;
    if (isTaken(error)) this.#sharedUntil = performance.now() + sharedMs;
    else {
      this.#failing = true;
      this.#report(error);
    }
    const ids = batch.map(({ draft }) => draft.body.id);
    const found = await within(attemptMs, this.#store.find(ids)).catch(() => null);
    for (const waiting of found === null ? [] : batch) {
      waiting.place = found?.chained.get(waiting.draft.body.id) ?? null;
      waiting.parts = found?.parts.has(waiting.draft.body.id) ?? false;
      this.#settleIfIn(waiting);
    }
  }

  #settleIfIn(waiting: Waiting): void {
    const { place, parts, draft } = waiting;
    if (place !== null && parts)
      this.#settle(waiting, { id: draft.body.id, seq: place.seq, hash: place.hash });
  }
}

function chainAll(waiting: readonly Waiting[], head: ChainHead): readonly ChainedEntry[] {
  const entries: ChainedEntry[] = [];
  for (const { draft } of waiting) entries.push(chainEntry(draft, entries.at(-1) ?? head));
  return entries;
}

/** Another hub was faster: its entry took the place, or an attempt of ours that we did not hear of was in already. */
function isTaken(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000;
}

/** Soon where a place was taken, scattered so that two hubs do not keep step; slower and slower where it is down. */
function pauseMs(error: unknown, failures: number): number {
  const soon = isTaken(error) && failures < 20;
  return soon ? Math.random() * turnMs : Math.min(longestPauseMs, 10 * 2 ** failures);
}

function unavailable(detail: string): HubError {
  return new HubError('TRAIL_UNAVAILABLE', detail);
}
