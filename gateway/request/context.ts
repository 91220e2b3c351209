import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import type { HubErrorCode } from '../../schema/errors.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Reader } from '../../schema/protocol/reader.ts';

/** Who asks, with the client and the token that carried the question (for the trail only). */
export type Identity = {
  readonly reader: Reader;
  readonly token: { readonly clientId: string; readonly id: string | null };
  /** The budget that the registry has for the organisation, unchecked. */
  readonly budget: unknown;
};

/** One request on its way through the stages: what is known of it, and what the parts said while they answered. */
export type RequestContext = Identity & {
  readonly correlationId: string;
  readonly at: Date;
  /** The policy in force when the request came: one for all that is decided on it. */
  readonly policy: Policy;
  /** Milliseconds since the epoch after which nothing is waited for. */
  readonly deadline: number;
  readonly disclosed: RecordedDisclosure[];
  /** Parts that did not answer, or not rightly. */
  readonly lost: Set<string>;
  /** Codes about the reader's own input that the parts passed on. */
  readonly told: Set<HubErrorCode>;
  /** Sets header fields of the answer, whatever becomes of it. */
  readonly setHeaders: (fields: Readonly<Record<string, string>>) => void;
};
