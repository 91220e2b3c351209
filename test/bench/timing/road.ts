/** The size of each hidden record, and the number of the other records of each kind. */
export type Size = { readonly bytes: number; readonly records: number };

/** One road to a record, as two requests that a reader must not be able to tell apart. */
export type Road = {
  readonly name: string;
  readonly hidden: () => Promise<unknown>;
  readonly absent: () => Promise<unknown>;
  /** Removes what both requests left in the store. It is not measured. */
  readonly cleanUp?: () => Promise<unknown>;
};
