import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { papScale, tlpScale } from '../../schema/record/vocabulary.ts';

/** What an answer holds, each scale by itself (DOMAIN section 1, Combining). */
export type Holds = {
  readonly tlp: string;
  readonly pap: string;
  readonly handlingCodes: readonly string[];
  readonly extraRestrictions: readonly string[];
  /** Whether the parts may be made into one product: false where no recipient is named by all of them. */
  readonly composable: boolean;
};

/** Joins the markings of what was disclosed: strictest colours, unions of codes, intersection of audiences. */
export function joinMarkings(disclosed: readonly RecordedDisclosure[]): Holds | null {
  if (disclosed.length === 0) return null;
  const tlps = disclosed.flatMap((one) => [one.tlp, ...one.portions.map((portion) => portion.tlp)]);
  return {
    tlp: strictest(tlps, tlpScale),
    pap: strictest(
      disclosed.map((one) => one.pap),
      papScale,
    ),
    handlingCodes: union(disclosed.map((one) => one.handlingCodes)),
    extraRestrictions: union(disclosed.map((one) => one.extraRestrictions)),
    composable: haveCommonAudience(disclosed),
  };
}

function strictest(values: readonly string[], scale: readonly string[]): string {
  return scale[Math.max(...values.map((value) => scale.indexOf(value)))] ?? scale.at(-1) ?? '';
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
