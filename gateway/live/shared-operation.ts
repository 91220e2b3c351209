import type { Prepared, Stages } from '../answer.ts';
import type { EventQuery } from './event-query.ts';

/** The operation of a subscription. Equal ones of one permission class share it. */
export type SharedOperation = {
  /** The document, the operation's name, the variables and the permission class. */
  readonly key: string;
  readonly prepared: Prepared;
  readonly query: EventQuery;
  /** The stages that prepared it, which its events pass too. */
  readonly stages: Stages;
};

type Kept = { readonly operation: SharedOperation; readonly leaveRoom: () => void; uses: number };

/** Keeps one copy of each operation while a subscription uses it: a parsed document takes 80 times its text. */
export class SharedOperations {
  readonly #operations = new Map<string, Kept>();

  /** Returns the operation of a key if a subscription uses it. */
  find(key: string): SharedOperation | undefined {
    return this.#operations.get(key)?.operation;
  }

  /**
   * Returns the copy that is kept. Call `leave` once for each call. For the first use, `enterRoom` counts the memory of the
   * document until the last use ends.
   */
  enter(operation: SharedOperation, enterRoom: () => () => void): SharedOperation {
    const known = this.#operations.get(operation.key) ?? { operation, leaveRoom: enterRoom(), uses: 0 };
    known.uses += 1;
    this.#operations.set(operation.key, known);
    return known.operation;
  }

  leave({ key }: SharedOperation): void {
    const known = this.#operations.get(key);
    if (known === undefined) return;
    known.uses -= 1;
    if (known.uses > 0) return;
    this.#operations.delete(key);
    known.leaveRoom();
  }
}

/** Returns the key of an operation for a permission class: another class may be refused other parts of it. */
export function keyOfOperation({ operation }: Prepared, permissionClass: string): string {
  const { hash, operationName, variables } = operation;
  return JSON.stringify([hash, operationName, variables, permissionClass]);
}
