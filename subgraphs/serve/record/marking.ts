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

/** A marking of one colour with nothing else. */
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

/** An audience that names nobody: what the colour alone reaches. */
export const noAudience: Audience = {
  reach: 'ANYONE',
  organisations: [],
  sharingGroups: [],
  persons: [],
  agreements: [],
};

/** A record's own marking joined with the default of its source, scale by scale: the stricter, never the wider. */
export function combineMarking(given: Marking, own: Partial<Marking>): Marking {
  return {
    tlp: stricter(given.tlp, own.tlp, tlpScale),
    tlpCommunity: own.tlpCommunity ?? given.tlpCommunity,
    pap: stricter(given.pap, own.pap, papScale),
    classification: given.classification === 'none' ? (own.classification ?? 'none') : given.classification,
    distribution: stricter(given.distribution, own.distribution, distributions),
    handlingCodes: union(given.handlingCodes, own.handlingCodes),
    h3Text:
      union([given.h3Text ?? ''], [own.h3Text ?? ''])
        .filter(Boolean)
        .join('\n') || null,
    extraRestrictions: union(given.extraRestrictions, own.extraRestrictions),
    rawTlp: own.rawTlp ?? given.rawTlp,
  };
}

/** Whom a record is for, and for what: the default of its source, or what the record says of itself. */
export type Reading = {
  readonly marking: Marking;
  readonly audience: Audience;
  readonly purposes: readonly Purpose[];
};

/** What a record may say of its own reading; what it leaves out is the default's. */
export type OwnReading = {
  readonly marking?: Partial<Marking>;
  readonly audience?: Partial<Audience>;
  readonly purposes?: readonly Purpose[];
};

/**
 * A record's own marking, audience and purposes joined with the default of its source: never wider than either. Where
 * the default's colour opens it to all or to a community and the record's own is closed but for names, these are
 * taken; everywhere else own names count only where the default has them too. Throws WRONG_MARKING.
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
  // Two communities have none in common that a label could name: only names are left.
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

/** How far colour and reach open a record beyond those whom it names. */
function openness({ tlp, reach }: { readonly tlp: Tlp; readonly reach: Reach }): Reach {
  if (tlp === 'CLEAR') return reach;
  return tlp === 'GREEN' ? stricter('COMMUNITY', reach, reaches) : 'NAMED';
}

/** Codes and restrictions close what the colour opens. */
function isRestricted({ distribution, handlingCodes, extraRestrictions }: Marking): boolean {
  return (
    distribution !== 'NONE' || extraRestrictions.length > 0 || handlingCodes.some((code) => code !== 'H0')
  );
}

const tlpLabels: Readonly<Record<string, Tlp>> = {
  clear: 'CLEAR',
  green: 'GREEN',
  amber: 'AMBER',
  'amber+strict': 'AMBER_STRICT',
  red: 'RED',
};

/**
 * The colour of a TLP 2.0 label (`tlp:amber+strict`). Throws WRONG_MARKING for any other label: an unknown one, and
 * TLP 1.0 WHITE, which becomes CLEAR only in formats whose standard has it.
 */
export function readTlp(label: string): Tlp {
  const name = label
    .trim()
    .toLowerCase()
    .replace(/^tlp:\s*/, '');
  const tlp = Object.hasOwn(tlpLabels, name) ? tlpLabels[name] : undefined;
  if (tlp === undefined) throw new RejectError('WRONG_MARKING', 'a TLP label that is none of TLP 2.0');
  return tlp;
}

/** The one further along the scale. A value that is none of it (a mapping's mistake) is refused, never the widest. */
function stricter<Value extends string>(
  one: Value,
  other: Value | undefined,
  scale: readonly Value[],
): Value {
  if (other === undefined) return one;
  const [at, otherAt] = [scale.indexOf(one), scale.indexOf(other)];
  if (at === -1 || otherAt === -1) {
    throw new RejectError('WRONG_MARKING', `a marking that is none of ${scale.join(', ')}`);
  }
  return at > otherAt ? one : other;
}

function union<Value>(one: readonly Value[], other: readonly Value[] = []): readonly Value[] {
  return [...new Set([...one, ...other])];
}
