import { isEnvelope } from '../check-envelope.ts';
import type { Envelope } from '../envelope.ts';
import { admittedKeys, portionKeys } from './keys.ts';

/** What the policy says of one readable record for one reader: the portions that stay hidden. */
export type RowDecision = {
  /** Paths of portions that this reader may not see: null without an error. */
  readonly hidden: ReadonlySet<string>;
  /** Whether the reader's organisation asserts the record or handles it for its custodian (J33). */
  readonly insider: boolean;
};

/**
 * Decides one record from its envelope alone, whatever keys were stored with it. Null means: as if it did not
 * exist. A marking that is missing, null or of a wrong type is treated as the strictest, so it is null too.
 */
export function decideRow(envelope: unknown, held: ReadonlySet<string>, now: Date): RowDecision | null {
  if (!isEnvelope(envelope)) return null;
  const keys = admittedKeys(envelope);
  const embargoed = envelope.embargoUntil !== null && envelope.embargoUntil > now;
  if (!meets(embargoed ? keys.early : keys.admits, held)) return null;
  return { hidden: hiddenPortions(envelope, held), insider: isInsider(envelope, held) };
}

function hiddenPortions(envelope: Envelope, held: ReadonlySet<string>): ReadonlySet<string> {
  const hidden = envelope.portions.filter(
    (portion) => !meets(portionKeys(envelope, portion.marking, portion.audience), held),
  );
  return new Set(hidden.map((portion) => portion.path));
}

function isInsider(envelope: Envelope, held: ReadonlySet<string>): boolean {
  const picture = envelope.exercise ?? 'real';
  return (
    held.has(`${picture}|origin:${envelope.originator}`) ||
    held.has(`${picture}|operator:${envelope.custodian}`)
  );
}

function meets(admitted: readonly string[], held: ReadonlySet<string>): boolean {
  return admitted.some((key) => held.has(key));
}
