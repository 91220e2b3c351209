import type { VerifiedAssertion } from '../../../schema/protocol/assertion.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Changes } from '../changes/changes.ts';
import type { Loaders } from '../read/loaders.ts';

/** What every resolver of one request is given. */
export type Context = {
  readonly reader: Reader;
  /** The reader under the policy in force, at this request's second. */
  readonly readerAccess: ReaderAccess;
  readonly assertion: VerifiedAssertion;
  readonly loaders: Loaders;
  readonly changes: Changes;
};
