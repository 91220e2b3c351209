import type { Known } from './progress.ts';

/** The person who makes a move, as the registry and the record know them. */
export type Actor = {
  readonly roles: ReadonlySet<string>;
  /** The registry id of the person's organisation. */
  readonly organisation: string;
  readonly offices: ReadonlySet<string>;
  /** The relations of the person's organisation to the record, such as `asker`. */
  readonly relations: ReadonlySet<string>;
};

/** A move that somebody wants to make. `known` is null for a move that creates. */
export type Attempt = {
  readonly move: string;
  readonly known: Known | null;
  /** The fields of the record in which a move creates a thread. Other moves take those of `known`. */
  readonly fields?: Known['fields'];
  readonly actor: Actor;
  readonly input: Readonly<Record<string, unknown>>;
  readonly now: Date;
  /** When it happened, which may be before it is entered. */
  readonly happenedAt: Date;
  /** Why it is entered later, and the channel by which it was made. Needed above a few minutes. */
  readonly late: { readonly reason: string; readonly channel: string } | null;
};

/** A refused move: nothing changes. The message says what was expected and what can be done. */
export type MoveRefused = {
  readonly code: 'NOT_ALLOWED' | 'WRONG_STATE' | 'INVALID';
  readonly path: readonly string[];
  readonly message: string;
};
