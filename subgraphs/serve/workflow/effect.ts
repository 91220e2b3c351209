import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import type { Progress } from '../../../schema/workflow/engine/progress.ts';
import type { FileRegimes } from '../../../schema/workflow/regime/file-regimes.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import type { StoredProgress } from './progress-store.ts';

/** A move of a record that was decided, as its effects see it. */
export type Moved = {
  readonly attempt: Attempt;
  /** Where the record stands after the move. */
  readonly progress: Progress;
  readonly content: Content;
  /** The envelope before the move. */
  readonly envelope: Envelope;
  /** The fields of the kind that the graph shows. */
  readonly fields: ReadonlySet<string>;
  /** The names of the values that moves of the kind state and that are no facts. Portions with these names hide them. */
  readonly values: readonly string[];
  readonly parts: readonly StoredProgress[];
  readonly regimes: FileRegimes | null;
};

/** A move in a part of a record that was decided, as its effects see it. `before` is null for a new part. */
export type MovedPart = Pick<Moved, 'parts' | 'regimes'> & {
  readonly attempt: Attempt;
  readonly progress: Progress;
  /** Where the record stands. */
  readonly file: Progress;
  readonly before: StoredProgress | null;
};

/** A move in a part of the record that follows at once. `before` is null for a new part. */
export type PartChange = {
  readonly part: string;
  readonly move: string;
  readonly before: StoredProgress | null;
  readonly progress: Progress;
};

/** The effects of a move that its declaration states in words. */
export type Effects = {
  readonly facts?: Content;
  readonly fields?: Content;
  /** All portions of the record after the move. */
  readonly portions?: Envelope['portions'];
  /** Organisations that the audience names too. */
  readonly opens?: readonly string[];
  readonly parts?: readonly PartChange[];
};

/** Returns the texts of a stated list; none for any other value. */
export function listIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Returns the effects of a move. Throws Refused for a ground of refusal that needs the record or its parts. */
export type Effect = (moved: Moved) => Effects;
