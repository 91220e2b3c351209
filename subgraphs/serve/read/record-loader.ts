import DataLoader from 'dataloader';
import { findByIds, type LookedUp } from './queries.ts';
import type { ReadContext } from './read-context.ts';
import type { Row } from './row.ts';

/** Above the longest key of a shared entity. */
const maxKeyLength = 2100;

/** Whether a value can be a key. The sender of a reference controls it: an operator object must not reach a query. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxKeyLength;
}

/** Whether a record is open or under an embargo at the time of the request, as its join row says. */
export type Clock = 'open' | 'early';

/**
 * Loads records by id: one query for each type and tick. Without a clock a record may be in either index, which takes a
 * second query.
 */
export class RecordLoader {
  readonly #context: ReadContext;
  readonly #loaders = new Map<string, DataLoader<string, Row | null>>();
  readonly #clocks = new Map<string, Clock>();

  constructor(context: ReadContext) {
    this.#context = context;
  }

  /** A record; null if it does not exist or this reader may not see it. */
  async load(type: string, id: string): Promise<Row | null> {
    return await this.#loaderOf(type).load(id);
  }

  /** Records in the order of their ids, with the clocks of their join rows. Throws the first error. */
  async loadMany(
    type: string,
    wanted: readonly { readonly id: string; readonly clock: Clock }[],
  ): Promise<readonly (Row | null)[]> {
    for (const { id, clock } of wanted) this.#clocks.set(id, clock);
    const found = await this.#loaderOf(type).loadMany(wanted.map(({ id }) => id));
    return found.map((row) => {
      if (row instanceof Error) throw row;
      return row;
    });
  }

  #loaderOf(type: string): DataLoader<string, Row | null> {
    const known = this.#loaders.get(type);
    if (known !== undefined) return known;
    const loader = new DataLoader<string, Row | null>(async (ids) => {
      const byId = await this.#find(type, ids);
      return ids.map((id) => byId.get(id) ?? null);
    });
    this.#loaders.set(type, loader);
    return loader;
  }

  /**
   * Finds records where their join rows say that they are. An import that was interrupted may have written the record but
   * not its join row, so an id that is not found there is looked up in the other index.
   */
  async #find(type: string, ids: readonly string[]): Promise<ReadonlyMap<string, Row | null>> {
    const among = (other: Clock) => ids.filter((id) => this.#clocks.get(id) !== other);
    const found = await this.#findAt(type, { open: among('early'), early: among('open') });
    const missing = (clock: Clock) => ids.filter((id) => this.#clocks.get(id) === clock && !found.has(id));
    const rest = { open: missing('early'), early: missing('open') };
    if (rest.open.length === 0 && rest.early.length === 0) return found;
    return new Map([...found, ...(await this.#findAt(type, rest))]);
  }

  async #findAt(type: string, wanted: LookedUp): Promise<ReadonlyMap<string, Row | null>> {
    const context = this.#context;
    const found = await findByIds(context.model(type), wanted, context.held(type), context.timeLeft());
    return new Map(
      found.map((stored) => {
        const record = context.schema(type).read(stored);
        return [stored._id, record === null ? null : context.toRow(type, record)];
      }),
    );
  }
}
