import type { Policy } from '../../../schema/policy/decide/policy.ts';
import {
  type ChangeEvent,
  maxEventKeys,
  maxKeyLength,
  maxLineBytes,
} from '../../../schema/protocol/change-event.ts';
import type { Written } from './written.ts';

/** The bytes of one of the two lists of a line. The rest of a line has less than 10 KB. */
const listBytes = (maxLineBytes - 10_000) / 2;

/**
 * Returns the event about a written record, or about a notice of it. Returns null if no subscriber may see the record before
 * or after the write, as for a record that is RED and stays RED. Keys are computed from the envelope, as the guard does; stored keys are not trusted.
 */
export function toEvent(
  { kind, id, isNew, envelope, admittedBefore, notice }: Written,
  policy: Pick<Policy, 'subscribeKeys'>,
  now: Date,
  position: string,
): ChangeEvent | null {
  const admits = keysIn(policy.subscribeKeys(envelope, kind, now));
  // Without the stored keys, it is unknown who could see the record before: no subscriber gets CREATED or GONE.
  const before = isNew ? [] : keysIn(admittedBefore ?? admits);
  if (admits.length + before.length === 0) return null;
  const change = { version: envelope.version, isNew, admits, before, position };
  if (notice === undefined) return { kind, id, ...change };
  return { kind: notice.type, id: notice.key, ...change, notice: { kind, party: notice.party } };
}

/** Drops keys that are too long, and those beyond the room of a line: one record must not stop the stream. */
function keysIn(keys: readonly string[]): readonly string[] {
  let left = listBytes;
  return [...new Set(keys)].slice(0, maxEventKeys).filter((key) => {
    const bytes = Buffer.byteLength(JSON.stringify(key)) + 1;
    if (key.length > maxKeyLength || bytes > left) return false;
    left -= bytes;
    return true;
  });
}
