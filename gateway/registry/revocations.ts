import type { Db } from 'mongodb';
import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';

/** Whose tokens are revoked: one token by its id (`jti`), or all tokens of a subject. */
export type RevokedBy = 'token' | 'subject';

/** A revocation in the registry. `_id` is `token:ID` or `subject:SUBJECT`. */
export type RevocationEntry = {
  readonly _id: string;
  /** When it ends. Choose a time after the expiry of the token. */
  readonly until: Date;
  readonly at: Date;
  readonly because: string;
};

/** The revocations that are in force. */
export type Revocations = {
  /** Returns whether a token is revoked. Throws REGISTRY_UNAVAILABLE if the revocations were not read for 5 s or longer. */
  isRevoked(token: { readonly id: string; readonly subject: string }, now: Date): boolean;
};

const refreshMs = 1000;
/** The maximum time to wait for the store, in milliseconds. */
const standardDeadlineMs = 1500;
/** Revocations that were read are used for this time at least, or for three answers of the store and 500 ms. */
const shortestAgeMs = 5000;

/**
 * Reads the revocations every second, so that a revocation has effect within two seconds without a query for each
 * request. If they cannot be read for 5 s (with a longer time limit of the store, three times as long and 500 ms), every
 * request is refused: a revoked token would otherwise be accepted.
 */
export function watchRevocations(
  db: Db,
  report: (error: unknown) => void,
  deadlineMs: number = standardDeadlineMs,
) {
  const maxAgeMs = Math.max(shortestAgeMs, 3 * deadlineMs + 500);
  let current: readonly RevocationEntry[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const isKnown = () => performance.now() - readAt < maxAgeMs;
  const refresh = async (): Promise<void> => {
    const began = performance.now();
    try {
      current = await within(deadlineMs, readRevocations(db, new Date(), deadlineMs));
      readAt = began;
    } catch (error) {
      if (!stopped) report(error);
    }
    if (!stopped) timer = setTimeout(() => void refresh(), refreshMs).unref();
  };
  void refresh();
  return {
    isKnown,
    isRevoked: (token: { readonly id: string; readonly subject: string }, now: Date): boolean => {
      if (!isKnown())
        throw new HubError('REGISTRY_UNAVAILABLE', `the revocations were not read for ${maxAgeMs} ms`);
      return findRevoked(current, token, now);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Returns whether one of the entries revokes a token. An entry with a malformed end is in force. */
export function findRevoked(
  entries: readonly RevocationEntry[],
  { id, subject }: { readonly id: string; readonly subject: string },
  now: Date,
): boolean {
  const names = [`token:${id}`, `subject:${subject}`];
  return entries.some(({ _id, until }) => names.includes(_id) && !(until instanceof Date && until <= now));
}

/** Revokes a token or all tokens of a subject until a time. A second revocation replaces the first if it ends later. */
export async function revoke(
  db: Db,
  { by, value, until, because }: { by: RevokedBy; value: string; until: Date; because: string },
  now: Date,
): Promise<void> {
  await db
    .collection<RevocationEntry>('revocations')
    .updateOne(
      { _id: `${by}:${value}` },
      { $max: { until }, $set: { because }, $setOnInsert: { at: now } },
      { upsert: true, writeConcern: { w: 'majority', journal: true } },
    );
}

async function readRevocations(db: Db, now: Date, maxTimeMS: number): Promise<readonly RevocationEntry[]> {
  const ended = { until: { $type: 'date' as const, $lte: now } };
  return await db
    .collection<RevocationEntry>('revocations', { readPreference: 'primary' })
    .find({ $nor: [ended] }, { maxTimeMS, projection: { until: 1 } })
    .toArray();
}
