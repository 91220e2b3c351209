import type { Execution } from '../dispatch/collected.ts';

/**
 * Adds a disclosure of the hub's own data to the request's audit entry. It is for the reader's organisation only, and
 * restricted to the inquiry, if one is stated.
 */
export function disclose(
  { request, collected }: Execution,
  type: string,
  id: string,
  inquiry: string | null = null,
): void {
  collected.disclosed.push({
    community: 'hub',
    type,
    id: `${type}:${id}`,
    version: 1,
    tlp: 'AMBER',
    pap: 'CLEAR',
    handlingCodes: [],
    extraRestrictions: inquiry === null ? [] : [`for the inquiry ${inquiry} only`],
    audience: [request.reader.organisation],
    portions: [],
  });
}
