import type { VerifiedAssertion } from '../../schema/assertion.ts';
import type { Reader } from '../../schema/reader.ts';
import type { Loaders } from './loaders.ts';

/** What every resolver of one request is given. */
export type Context = {
  readonly reader: Reader;
  readonly assertion: VerifiedAssertion;
  readonly loaders: Loaders;
};
