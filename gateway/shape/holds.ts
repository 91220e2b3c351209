import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { papScale, tlpScale } from '../../schema/record/vocabulary.ts';

/** The joined markings of an answer, each scale separately (DOMAIN section 1, Combining). */
export type Holds = {
  readonly tlp: string;
  readonly pap: string;
  readonly handlingCodes: readonly string[];
  readonly extraRestrictions: readonly string[];
  /**
   * True if a product may be composed of all records. It is false if no organisation is in the audience of every record,
   * or if the reader may not see the audience of one of them.
   */
  readonly composable: boolean;
};

/** Returns whether a disclosed record or one of its portions is TLP:RED, or of an unknown colour. */
export function holdsRed(one: RecordedDisclosure): boolean {
  return strictest([one.tlp, ...one.portions.map(({ tlp }) => tlp)], tlpScale) === 'RED';
}

/**
 * Joins the markings of the disclosed records and of their disclosed portions: strictest colours, union of codes,
 * intersection of audiences. A subgraph reports only audiences that the reader may see, so two answers that look alike
 * have equal `holds`.
 */
export function joinMarkings(disclosed: readonly RecordedDisclosure[]): Holds | null {
  if (disclosed.length === 0) return null;
  const marked = disclosed.flatMap((one) => [one, ...one.portions]);
  return {
    tlp: strictest(
      marked.map((one) => one.tlp),
      tlpScale,
    ),
    pap: strictest(
      marked.map((one) => one.pap),
      papScale,
    ),
    handlingCodes: union(marked.map((one) => one.handlingCodes)),
    extraRestrictions: union(marked.map((one) => one.extraRestrictions)),
    composable: haveCommonAudience(disclosed),
  };
}

/** Returns the strictest value. An unknown value counts as the strictest of the scale. */
function strictest(values: readonly string[], scale: readonly string[]): string {
  const isKnown = values.every((value) => scale.includes(value));
  const place = isKnown ? Math.max(...values.map((value) => scale.indexOf(value))) : -1;
  return scale.at(place) ?? '';
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].toSorted();
}

function haveCommonAudience(disclosed: readonly RecordedDisclosure[]): boolean {
  const limited = disclosed.flatMap((one) => (one.audience === null ? [] : [new Set(one.audience)]));
  const [first, ...others] = limited;
  if (first === undefined) return true;
  return [...first].some((organisation) => others.every((audience) => audience.has(organisation)));
}
