import type { Audience, Marking } from '../../../schema/envelope.ts';
import {
  defaultTlpCommunity,
  distributions,
  papScale,
  reaches,
  type Tlp,
  tlpScale,
} from '../../../schema/vocabulary.ts';
import { RejectError } from './source.ts';

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
    h3Text: own.h3Text ?? given.h3Text,
    extraRestrictions: union(given.extraRestrictions, own.extraRestrictions),
    rawTlp: own.rawTlp ?? given.rawTlp,
  };
}

/** Audiences joined: the shorter reach, and where both name recipients, those named by both. */
export function combineAudience(given: Audience, own: Partial<Audience>): Audience {
  return {
    reach: stricter(given.reach, own.reach, reaches),
    organisations: both(given.organisations, own.organisations),
    sharingGroups: both(given.sharingGroups, own.sharingGroups),
    persons: both(given.persons, own.persons),
    agreements: both(given.agreements, own.agreements),
  };
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

function stricter<Value extends string>(
  one: Value,
  other: Value | undefined,
  scale: readonly Value[],
): Value {
  if (other === undefined) return one;
  const at = Math.max(scale.indexOf(one), scale.indexOf(other));
  return scale[at] ?? one;
}

function union<Value>(one: readonly Value[], other: readonly Value[] = []): readonly Value[] {
  return [...new Set([...one, ...other])];
}

/** An own list that names somebody is kept; where the default names somebody too, only who is in both. */
function both(given: readonly string[], own: readonly string[] | undefined): readonly string[] {
  if (own === undefined) return given;
  return given.length === 0 ? own : own.filter((name) => given.includes(name));
}
