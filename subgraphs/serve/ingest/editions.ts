import type { ClientSession, Collection } from 'mongodb';
import { compareRevisions, type Revision } from '../record/revision.ts';
import type { CommunityStore } from '../store/store.ts';

/** The version of a list or document that a store has. */
type Kept = { readonly _id: string; readonly revision: Revision; readonly at: Date };

/** The versions of lists and documents that a store has taken, so that an older file cannot bring anything back. */
export class Editions {
  readonly #store: Pick<CommunityStore, 'connection'>;
  readonly #feed: string;
  readonly #exercise: string | null;

  constructor(store: Pick<CommunityStore, 'connection'>, feed: string, exercise: string | null) {
    this.#store = store;
    this.#feed = feed;
    this.#exercise = exercise;
  }

  /** Returns the version that the store has of each document of an originator. */
  async find(documents: readonly Of[]): Promise<ReadonlyMap<string, Revision>> {
    if (documents.length === 0) return new Map();
    const ids = documents.map((one) => this.#idOf(one));
    const kept = await this.#collection()
      .find({ _id: { $in: ids } })
      .toArray();
    return new Map(kept.map(({ _id, revision }) => [_id.slice(this.#prefix().length), revision]));
  }

  /** Records the versions that were taken, within a transaction. A newer one that another import took meanwhile stays. */
  async keep(
    taken: readonly (Of & { readonly revision: Revision })[],
    session?: ClientSession,
  ): Promise<void> {
    const known = await this.find(taken);
    for (const one of taken) {
      const before = known.get(keyOf(one));
      if (before !== undefined && compareRevisions(before, one.revision) >= 0) continue;
      await this.#collection().updateOne(
        { _id: this.#idOf(one) },
        { $set: { revision: one.revision, at: new Date() } },
        { upsert: true, ...(session === undefined ? {} : { session }) },
      );
    }
  }

  #prefix(): string {
    return `${JSON.stringify([this.#feed, this.#exercise])} `;
  }

  #idOf(one: Of): string {
    return `${this.#prefix()}${keyOf(one)}`;
  }

  #collection(): Collection<Kept> {
    const { connection } = this.#store;
    return connection.getClient().db(connection.name).collection<Kept>('editions');
  }
}

/** A document of an originator. Another originator's document with the same id is another one. */
export type Of = { readonly originator: string; readonly document: string };

/** Returns the key of a document in the result of `find`. */
export function keyOf({ originator, document }: Of): string {
  return JSON.stringify([originator, document]);
}

/** Ignores that a collection exists already. */
export function ignoreExisting(error: unknown): void {
  const exists = 48;
  if ((error as { code?: unknown }).code !== exists) throw error;
}
