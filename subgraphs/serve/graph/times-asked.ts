import { HubError } from '../../../schema/errors.ts';

const asked = new WeakMap<object, Map<string, number>>();

/**
 * Refuses a field that one request asks for more often than `most` times: each time examines many records. `request` is an
 * object of that request alone, such as its loaders.
 */
export function limitTimes(request: object, field: string, most: number): void {
  const counts = asked.get(request) ?? new Map<string, number>();
  asked.set(request, counts);
  const count = (counts.get(field) ?? 0) + 1;
  counts.set(field, count);
  if (count > most)
    throw new HubError('BAD_USER_INPUT', `expected ${field} ${most} times at most in one request`);
}
