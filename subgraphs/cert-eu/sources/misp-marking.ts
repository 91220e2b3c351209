import type { Audience, Marking } from '../../../schema/record/envelope.ts';
import { papScale, tlpScale } from '../../../schema/record/vocabulary.ts';
import { readTlp } from '../../serve/record/marking.ts';
import { RejectError } from '../../serve/record/reject.ts';
import type { MispShared, MispTagged } from './misp-shape.ts';

/**
 * What the `tlp:` and `PAP:` taxonomies' tags say, the strictest of each; nothing where there are none. Throws
 * WRONG_MARKING for a label that is none of TLP 2.0 (`tlp:white` among them) or of PAP.
 */
export function readMarking(...tagged: readonly MispTagged[]): Partial<Marking> {
  const names = tagged.flatMap(({ Tag }) => (Tag ?? []).map(({ name }) => name.trim()));
  const tlps = names
    .filter((name) => /^tlp\s*:/i.test(name))
    .map((name) => readTlp(name.replace(/\s*:/, ':')));
  const paps = names.filter((name) => /^pap\s*:/i.test(name)).map(readPap);
  const tlp = tlpScale.findLast((colour) => tlps.includes(colour));
  const pap = papScale.findLast((colour) => paps.includes(colour));
  return { ...(tlp === undefined ? {} : { tlp }), ...(pap === undefined ? {} : { pap }) };
}

function readPap(label: string): Marking['pap'] {
  const name = label.replace(/^pap\s*:\s*/i, '').toUpperCase();
  // The taxonomy's older word for CLEAR.
  const pap = name === 'WHITE' ? 'CLEAR' : papScale.find((known) => known === name);
  if (pap === undefined) throw new RejectError('WRONG_MARKING', 'a PAP label that is none of the taxonomy');
  return pap;
}

/** A distribution that has been read: how far it reaches, and for level 4 by which sharing group. */
export type Distribution = { readonly level: number; readonly group: string | null } | null;

/**
 * The distribution of an event, an object or an attribute. Null where there is none or it inherits (5): what stands
 * above decides, and above an event the source's default. Throws WRONG_MARKING for a level that MISP does not have.
 */
export function readDistribution(shared: MispShared): Distribution {
  const { distribution, SharingGroup } = shared;
  if (distribution === null || distribution === undefined || `${distribution}` === '5') return null;
  const level = ['0', '1', '2', '3', '4'].indexOf(`${distribution}`);
  if (level === -1) throw new RejectError('WRONG_MARKING', 'distribution: expected 0 to 5');
  // The number is the sending instance's own: by itself it must never meet the name of a group of ours.
  const group = SharingGroup?.name ?? `misp-sharing-group-${shared.sharing_group_id ?? 'unknown'}`;
  return { level, group: level === 4 ? group : null };
}

/** The strictest of an event's, an object's and an attribute's; two different groups leave the originator alone. */
export function strictest(...distributions: readonly Distribution[]): Distribution {
  return distributions.reduce((one, other) => {
    if (one === null || other === null) return one ?? other;
    if (one.level === 4 && other.level === 4 && one.group !== other.group) return { level: 0, group: null };
    return strictness[one.level]! >= strictness[other.level]! ? one : other;
  }, null);
}

/** How strict each level is: all (3), communities (1, 2), a sharing group (4), the own organisation (0). */
const strictness = [3, 1, 1, 0, 2] as const;

/** The audience that a distribution stands for; nothing where there is none, so that the default decides. */
export function toAudience(distribution: Distribution): Partial<Audience> {
  if (distribution === null) return {};
  if (distribution.level === 3) return { reach: 'ANYONE' };
  if (distribution.level === 1 || distribution.level === 2) return { reach: 'COMMUNITY' };
  const sharingGroups = distribution.group === null ? [] : [distribution.group];
  return { reach: 'NAMED', organisations: [], sharingGroups, persons: [], agreements: [] };
}
