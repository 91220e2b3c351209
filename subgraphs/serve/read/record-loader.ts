import DataLoader from 'dataloader';
import { findByIds } from './queries.ts';
import type { ReadContext } from './read-context.ts';
import type { Row } from './row.ts';

/** Above the longest key of a shared entity. */
const maxKeyLength = 2100;

/** Whether a value can be a key. The sender of a reference controls it: an operator object must not reach a query. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxKeyLength;
}

/** Loads records by id: one query for each type and tick. */
export class RecordLoader {
  readonly #context: ReadContext;
  readonly #loaders = new Map<string, DataLoader<string, Row | null>>();

  constructor(context: ReadContext) {
    this.#context = context;
  }

  /** A record; null if it does not exist or this reader may not see it. */
  async load(type: string, id: string): Promise<Row | null> {
    return await this.#loaderOf(type).load(id);
  }

  /** Records in the order of the ids. Throws the first error. */
  async loadMany(type: string, ids: readonly string[]): Promise<readonly (Row | null)[]> {
    const found = await this.#loaderOf(type).loadMany(ids);
    return found.map((row) => {
      if (row instanceof Error) throw row;
      return row;
    });
  }

  #loaderOf(type: string): DataLoader<string, Row | null> {
    const known = this.#loaders.get(type);
    if (known !== undefined) return known;
    const context = this.#context;
    const loader = new DataLoader<string, Row | null>(async (ids) => {
      const found = await findByIds(context.model(type), ids, context.held(type), context.timeLeft());
      const byId = new Map(
        found.map((stored) => {
          const record = context.schema(type).read(stored);
          return [stored._id, record === null ? null : context.toRow(type, record)];
        }),
      );
      return ids.map((id) => byId.get(id) ?? null);
    });
    this.#loaders.set(type, loader);
    return loader;
  }
}
