import { HubError } from '../../../schema/errors.ts';
import { compileFilter, type StoreFilter } from '../../../schema/policy/decide/filter.ts';
import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { ShareLimit } from '../../../schema/protocol/shareable.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import type { Oldest, SchemaVersions } from '../record/schema-versions.ts';
import type { CommunityStore } from '../store/store.ts';
import type { CursorScope } from './cursor.ts';
import { narrowToEvent, type Row, toRow } from './row.ts';

/** The common input of all reads of one request by one reader. */
export type ReadOptions = {
  readonly store: CommunityStore;
  readonly kinds: readonly Kind[];
  readonly policy: Policy;
  readonly readerAccess: ReaderAccess;
  /** 32 bytes that encrypt cursors. */
  readonly cursorKey: Buffer;
  /** The oldest schema version of each kind in the store; 1 for a kind that is missing. */
  readonly oldest?: Oldest;
  /** Whether all records of the store have the derived values that filters compare; true by default. */
  readonly filled?: boolean;
  /** The strictest TLP colour of answers that the hub may share between readers; GREEN by default. */
  readonly shareLimit?: ShareLimit;
  /** Whether the response becomes an event of a subscription, which needs the right to subscribe to each record. */
  readonly isEvent?: boolean;
  /** How long the hub waits for the response, in milliseconds: no query runs longer or starts later. */
  readonly maxMs?: number;
  /** Aborted when the hub no longer waits for the response. */
  readonly signal?: AbortSignal;
};

/** The hub waits no longer than this for a subgraph. A hub of an older version does not say for how long it does. */
const defaultMaxMs = 10_000;

/** The state that all reads of one request share. */
export class ReadContext {
  readonly store: CommunityStore;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly policy: Policy;
  readonly readerAccess: ReaderAccess;
  readonly cursorKey: Buffer;
  readonly oldest: Oldest;
  readonly filled: boolean;
  readonly shareLimit: ShareLimit;
  readonly isEvent: boolean;
  /** When reads stop, on the clock of `performance.now()`. */
  readonly deadline: number;
  readonly #signal: AbortSignal | undefined;
  readonly #filters = new Map<string, StoreFilter>();

  constructor(options: ReadOptions) {
    const { store, kinds, policy, readerAccess, cursorKey, oldest, filled, maxMs, signal } = options;
    this.store = store;
    this.kinds = new Map(kinds.map((kind) => [kind.type, kind]));
    this.policy = policy;
    this.readerAccess = readerAccess;
    this.cursorKey = cursorKey;
    this.oldest = oldest ?? {};
    this.filled = filled ?? true;
    this.shareLimit = options.shareLimit ?? 'GREEN';
    this.isEvent = options.isEvent ?? false;
    this.deadline = performance.now() + Math.min(maxMs ?? defaultMaxMs, defaultMaxMs);
    this.#signal = signal;
  }

  /**
   * Returns for how long the hub still waits, in milliseconds. Throws PART_UNAVAILABLE if it does not: call it before
   * each query, so that the store does not work for nobody.
   */
  timeLeft(): number {
    const left = this.deadline - performance.now();
    if (left > 0 && this.#signal?.aborted !== true) return left;
    throw new HubError('PART_UNAVAILABLE', 'the hub no longer waits for the response');
  }

  /** Aborted when the hub no longer waits for the response. */
  waitSignal(): AbortSignal {
    const ended = AbortSignal.timeout(Math.ceil(this.timeLeft()));
    return this.#signal === undefined ? ended : AbortSignal.any([this.#signal, ended]);
  }

  /** The store's filter for the records of a kind that this reader may read, or may find by what they say. */
  allowed(kind: string, action: 'read' | 'search' = 'read'): StoreFilter {
    const name = `${kind} ${action}`;
    const filter =
      this.#filters.get(name) ??
      compileFilter([...this.readerAccess.keys(kind, action)], this.readerAccess.now);
    this.#filters.set(name, filter);
    return filter;
  }

  /** The same as access keys and time, for the scans of a list and for lookups. */
  held(
    kind: string,
    action: 'read' | 'search' = 'read',
  ): { readonly held: readonly string[]; readonly now: Date } {
    return { held: this.allowed(kind, action).admits.$in, now: this.readerAccess.now };
  }

  /** Whether this reader may search for a record, which counts and windows of time require. */
  maySearch(type: string, envelope: Envelope): boolean {
    return this.policy.may(this.readerAccess, 'search', type, 'content', envelope);
  }

  /** Decides a record in the current schema version. Null if this reader may not see it. */
  toRow(type: string, record: StoredRecord): Row | null {
    const row = toRow(type, record, this.policy, this.readerAccess);
    return row !== null && this.isEvent ? narrowToEvent(row, this.policy, this.readerAccess) : row;
  }

  /** Whether the index counts exactly the rows that the guard allows. */
  countsByIndex(type: string): boolean {
    // Not for events, which not every readable row is part of; not while records are relabelled, nor while some are skipped because of their schema version.
    return !this.isEvent && this.policy.keysDecide && this.schema(type).isSettled(this.oldest);
  }

  cursorScope(list: string, filter: unknown, direction: 'ASC' | 'DESC'): CursorScope {
    const { subject, picture } = this.readerAccess.reader;
    return { subject, picture, list, filter, direction };
  }

  schema(type: string): SchemaVersions {
    const schema = this.store.schemas.get(type);
    if (schema === undefined) throw new HubError('INTERNAL', `no store for ${type}`);
    return schema;
  }

  model(type: string) {
    const model = this.store.records.get(type);
    if (model === undefined) throw new HubError('INTERNAL', `no store for ${type}`);
    return model;
  }
}
