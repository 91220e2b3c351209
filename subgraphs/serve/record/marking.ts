import type { Audience, Marking } from '../../../schema/record/envelope.ts';
import {
  defaultTlpCommunity,
  distributions,
  papScale,
  type Purpose,
  type Reach,
  reaches,
  type Tlp,
  tlpScale,
} from '../../../schema/record/vocabulary.ts';
import { RejectError } from './reject.ts';

/** A marking with this TLP and no other restriction. */
export function markingOf(tlp: Tlp): Marking {
  return {
    tlp,
    tlpCommunity: defaultTlpCommunity,
    pap: 'CLEAR',
    classification: 'none',
    distribution: 'NONE',
    handlingCodes: [],
    h3Text: null,
    extraRestrictions: [],
    rawTlp: null,
  };
}

/** The most names in one list of an audience. Each name becomes an access key of the record, or several. */
export const maxNames = 1000;

/** An audience that names nobody: the TLP alone decides. */
export const noAudience: Audience = {
  reach: 'ANYONE',
  organisations: [],
  sharingGroups: [],
  persons: [],
  agreements: [],
};

/** Joins a record's own marking with its source's default. Takes the stricter value on each scale. */
export function combineMarking(given: Marking, own: Partial<Marking>): Marking {
  return {
    tlp: stricter(given.tlp, own.tlp, tlpScale),
    tlpCommunity: own.tlpCommunity ?? given.tlpCommunity,
    pap: stricter(given.pap, own.pap, papScale),
    classification: given.classification === 'none' ? (own.classification ?? 'none') : given.classification,
    distribution: stricter(given.distribution, own.distribution, distributions),
    handlingCodes: union(given.handlingCodes, own.handlingCodes),
    h3Text: joinText(given.h3Text ?? '', own.h3Text ?? '') || null,
    extraRestrictions: union(given.extraRestrictions, own.extraRestrictions),
    rawTlp: own.rawTlp ?? given.rawTlp,
  };
}

/** The readers and purposes that a record is for. */
export type Reading = {
  readonly marking: Marking;
  readonly audience: Audience;
  readonly purposes: readonly Purpose[];
};

/** The reading that a record states itself. Missing values come from its source's default. */
export type OwnReading = {
  readonly marking?: Partial<Marking>;
  readonly audience?: Partial<Audience>;
  readonly purposes?: readonly Purpose[];
};

/**
 * Joins a record's own marking, audience and purposes with its source's default. The result is never wider than either:
 * names are intersected. One exception: if the default names nobody and is open to all, or is open to a community while
 * the record is only for named readers, the record's names are taken. Throws RejectError WRONG_MARKING.
 */
export function combineReading(given: Reading, own: OwnReading): Reading {
  const defaultReach = openness({ ...given.marking, ...given.audience });
  const ownReach = openness({ ...given.marking, ...given.audience, ...own.marking, ...own.audience });
  const isOpened =
    !isRestricted(given.marking) &&
    (defaultReach === 'ANYONE' || (defaultReach === 'COMMUNITY' && ownReach === 'NAMED'));
  const join = <Name>(names: readonly Name[], ownNames: readonly Name[] | undefined): readonly Name[] => {
    if (ownNames === undefined) return names;
    return isOpened && names.length === 0 ? ownNames : ownNames.filter((name) => names.includes(name));
  };
  const marking = combineMarking(given.marking, own.marking ?? {});
  const community = defaultReach === 'COMMUNITY' ? given.marking.tlpCommunity : marking.tlpCommunity;
  // Two communities have no common community that a TLP could name, so only named readers remain.
  const isSplit = defaultReach === ownReach && ownReach === 'COMMUNITY' && community !== marking.tlpCommunity;
  const audience: Audience = {
    reach: isSplit ? 'NAMED' : stricter(given.audience.reach, own.audience?.reach, reaches),
    organisations: join(given.audience.organisations, own.audience?.organisations),
    sharingGroups: join(given.audience.sharingGroups, own.audience?.sharingGroups),
    persons: join(given.audience.persons, own.audience?.persons),
    agreements: join(given.audience.agreements, own.audience?.agreements),
  };
  const purposes = join(given.purposes, own.purposes);
  return { marking: { ...marking, tlpCommunity: community }, audience, purposes };
}

/** The readers that TLP and reach open a record to, besides the named ones. */
function openness({ tlp, reach }: { readonly tlp: Tlp; readonly reach: Reach }): Reach {
  if (tlp === 'CLEAR') return reach;
  return tlp === 'GREEN' ? stricter('COMMUNITY', reach, reaches) : 'NAMED';
}

/** Whether handling codes or restrictions limit the readers that the TLP opens a record to. */
function isRestricted({ distribution, handlingCodes, extraRestrictions }: Marking): boolean {
  return (
    distribution !== 'NONE' || extraRestrictions.length > 0 || handlingCodes.some((code) => code !== 'H0')
  );
}

/**
 * Parses a TLP label of the hub's own input (`tlp:amber+strict`). Throws WRONG_MARKING for any other label. That includes
 * WHITE of TLP 1.0: only formats whose standard has it convert it to CLEAR, with `readMarkingTag`.
 */
export function readTlp(label: string): Tlp {
  const name = label
    .trim()
    .toLowerCase()
    .replace(/^tlp:\s*/, '')
    .replace('+', '_')
    .toUpperCase();
  const tlp = tlpScale.find((known) => known === name);
  if (tlp === undefined) throw new RejectError('WRONG_MARKING', 'expected a label of TLP 2.0');
  return tlp;
}

/** The stricter of two values of a scale. Throws for a value that is not on the scale: it must never count as the widest. */
function stricter<Value extends string>(
  one: Value,
  other: Value | undefined,
  scale: readonly Value[],
): Value {
  if (other === undefined) return one;
  const [at, otherAt] = [scale.indexOf(one), scale.indexOf(other)];
  if (at === -1 || otherAt === -1) {
    throw new RejectError('WRONG_MARKING', `expected one of ${scale.join(', ')}`);
  }
  return at > otherAt ? one : other;
}

/** Joins two texts. A text that contains the other one stays, so that joining again changes nothing. */
function joinText(one: string, other: string): string {
  if (one.includes(other)) return one;
  return other.includes(one) ? other : `${one}\n${other}`;
}

function union<Value>(one: readonly Value[], other: readonly Value[] = []): readonly Value[] {
  return [...new Set([...one, ...other])];
}
