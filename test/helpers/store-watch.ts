import type { CommunityStore } from '../../subgraphs/serve/store/store.ts';

/** How many watches of a database are open, and how many were opened in all. */
type Watches = { open: number; all: number };

/** By the database: two processes, or a test in their place, can open one store twice. */
const watches = new Map<string, Watches>();

/** Compares all that a store has before and after an act, if no other watched act runs meanwhile. */
export class StoreWatch {
  readonly #store: CommunityStore;
  readonly #watches: Watches;
  readonly #number: number;
  readonly #isAlone: boolean;

  constructor(store: CommunityStore) {
    this.#store = store;
    const { host, port, name } = store.connection;
    const database = `${host}:${port}/${name}`;
    this.#watches = watches.get(database) ?? { open: 0, all: 0 };
    watches.set(database, this.#watches);
    this.#isAlone = this.#watches.open === 0;
    this.#watches.open += 1;
    this.#watches.all += 1;
    this.#number = this.#watches.all;
  }

  /** Returns a hash of each collection. Null if another act runs. */
  async content(): Promise<Readonly<Record<string, string>> | null> {
    if (!this.#isAlone) return null;
    const found = await this.#store.connection.db?.command({ dbHash: 1 });
    // The processes of a store say at any time that they are there.
    const { processes: _, ...collections } = (found?.['collections'] ?? {}) as Record<string, string>;
    return collections;
  }

  /** Throws with the names of the collections that have changed. */
  async expectSame(before: Readonly<Record<string, string>> | null): Promise<void> {
    const isAlone = () => this.#watches.all === this.#number;
    if (before === null || !isAlone()) return;
    const after = await this.content();
    if (after === null || !isAlone()) return;
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    const changed = [...names].filter((name) => before[name] !== after[name]);
    if (changed.length > 0)
      throw new Error(
        `expected a refused move to leave the store as it was, got changes in ${changed.join(', ')}`,
      );
  }

  end(): void {
    this.#watches.open -= 1;
  }
}
