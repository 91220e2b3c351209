import type { RequestContext } from '../request/context.ts';

/**
 * What was given of the hub's own side stands in the entry of who asked, as for its organisation only; an inquiry that
 * it was given for, as a restriction to it.
 */
export function disclose(
  { disclosed, reader }: Pick<RequestContext, 'disclosed' | 'reader'>,
  type: string,
  id: string,
  inquiry: string | null = null,
): void {
  disclosed.push({
    community: 'hub',
    type,
    id: `${type}:${id}`,
    version: 1,
    tlp: 'AMBER',
    pap: 'CLEAR',
    handlingCodes: [],
    extraRestrictions: inquiry === null ? [] : [`for the inquiry ${inquiry} only`],
    audience: [reader.organisation],
    portions: [],
  });
}
