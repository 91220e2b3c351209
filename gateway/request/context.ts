import type { Addressed } from '../../schema/protocol/addressed.ts';
import type { Member } from '../../schema/protocol/members.ts';
import type { Community } from '../../schema/record/vocabulary.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Observed } from '../observe/observed.ts';
import type { Callers } from '../../schema/runtime/shared-work.ts';
import type { Reader } from '../../schema/protocol/reader.ts';

/** The authenticated reader, with the client and the token of the request (both for the audit log only). */
export type Identity = {
  readonly reader: Reader;
  readonly token: { readonly clientId: string; readonly id: string | null };
  /** When the token expires. A subscription ends then. */
  readonly expiresAt: Date;
  /** The organisation's budget as the registry stores it, not yet validated. */
  readonly budget: unknown;
};

/**
 * The facts about one request. They are complete before the body is parsed and do not change afterwards. Results
 * that accumulate during execution are in `Collected` (dispatch/collected.ts).
 */
export type RequestContext = Identity & {
  readonly correlationId: string;
  readonly at: Date;
  /** The policy that was in force when the request arrived. All decisions about the request use it. */
  readonly policy: Policy;
  /** The time in milliseconds since the epoch after which the hub stops waiting for subgraphs. */
  readonly deadline: number;
  /** Aborted when the client has gone, so that nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Ends the turn of a large request: its document is planned. Absent without a turn. May be called several times. */
  readonly endTurn?: () => void;
  /** The requests that wait for the execution of this one, including it. Absent if no other can. */
  readonly sharedBy?: Callers;
  /** The statement of the hub to one community about the addressees of a change. */
  readonly addressed?: { readonly community: Community; readonly statement: Addressed };
  /** The statement of the hub to communities about the persons to whom records are to be released. */
  readonly members?: ReadonlyMap<string, readonly Member[]>;
  /** `subscription` if the answer becomes an event: each record must then be permitted for it too. */
  readonly delivery?: 'subscription';
  /** Sets header fields of the HTTP response, also if the request fails later. */
  readonly setHeaders: (fields: Readonly<Record<string, string>>) => void;
  /** For operators: what the access log, the metrics and the traces have of the request. */
  readonly observed: Observed;
};
