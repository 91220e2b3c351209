import { HubError } from '../../schema/errors.ts';
import { within } from '../../schema/runtime/within.ts';

/** Asks the registry. Throws REGISTRY_UNAVAILABLE if it fails, or does not answer within `ms` milliseconds. */
export async function orUnavailable<Result>(ms: number, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await within(ms, ask());
  } catch (error) {
    throw new HubError('REGISTRY_UNAVAILABLE', String(error), { cause: error });
  }
}
