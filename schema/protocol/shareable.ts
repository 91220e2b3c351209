import { type Tlp, tlpScale } from '../record/vocabulary.ts';
import type { Disclosure } from './disclosure.ts';

/** The strictest TLP colour of a shareable answer, or `NONE` if no answer with records is shareable. */
export type ShareLimit = Exclude<Tlp, 'RED'> | 'NONE';
/** The values of `ShareLimit`, the strictest last. */
export const shareLimits: readonly ShareLimit[] = ['NONE', 'CLEAR', 'GREEN', 'AMBER', 'AMBER_STRICT'];

/**
 * Returns whether the hub may give an answer with these records to another reader of the same permission class. RED, the
 * handling codes H1 to H3 and extra restrictions are never shareable. The subgraph checks this with its own limit, and the
 * hub checks it again. Both count a portion as a record with the portion's marking.
 */
export function isShareable(disclosed: readonly Disclosure[], limit: ShareLimit): boolean {
  const allowed = limit === 'NONE' ? [] : tlpScale.slice(0, tlpScale.indexOf(limit) + 1);
  return disclosed.every((one) =>
    [one, ...one.portions].every(
      ({ tlp, handlingCodes, extraRestrictions }) =>
        allowed.includes(tlp) &&
        tlp !== 'RED' &&
        extraRestrictions.length === 0 &&
        handlingCodes.every((code) => code === 'H0'),
    ),
  );
}
