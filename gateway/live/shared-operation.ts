import type { Prepared } from '../answer.ts';
import type { EventQuery } from './event-query.ts';

/** The operation of a subscription. Equal ones of one permission class share it. */
export type SharedOperation = {
  readonly key: string;
  readonly prepared: Prepared;
  readonly query: EventQuery;
};

/** Keeps one copy of each operation while a subscription uses it: a parsed document takes 80 times its text. */
export class SharedOperations {
  readonly #operations = new Map<string, { readonly operation: SharedOperation; uses: number }>();

  has(key: string): boolean {
    return this.#operations.has(key);
  }

  /** Returns the copy that is kept. Call `leave` once for each call. */
  enter(operation: SharedOperation): SharedOperation {
    const known = this.#operations.get(operation.key) ?? { operation, uses: 0 };
    known.uses += 1;
    this.#operations.set(operation.key, known);
    return known.operation;
  }

  leave({ key }: SharedOperation): void {
    const known = this.#operations.get(key);
    if (known === undefined) return;
    known.uses -= 1;
    if (known.uses === 0) this.#operations.delete(key);
  }
}
