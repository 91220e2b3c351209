import type { VerifiedAssertion } from '../../../schema/protocol/assertion.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Changes } from '../changes/changes.ts';
import type { Loaders } from '../read/loaders.ts';
import type { Moves } from '../workflow/moves.ts';
import type { Standings } from '../workflow/standings.ts';

/** The GraphQL context of one request. */
export type Context = {
  readonly reader: Reader;
  /** The access that the policy in force gives the reader at the time of this request. */
  readonly readerAccess: ReaderAccess;
  readonly assertion: VerifiedAssertion;
  readonly loaders: Loaders;
  readonly changes: Changes;
  /** The moves of the reader in workflows, and what the reader sees of them. */
  readonly moves: Moves;
  readonly standings: Standings;
};
