import type { Audience, Marking } from '../../../schema/record/envelope.ts';
import { papScale, tlpScale } from '../../../schema/record/vocabulary.ts';
import { readTlp } from '../../serve/record/marking.ts';
import { RejectError } from '../../serve/record/reject.ts';
import type { MispShared, MispTagged } from './misp-shape.ts';

/**
 * Reads the strictest `tlp:` and the strictest `PAP:` tag. A scale without a tag is left out. Throws WRONG_MARKING for a
 * label that is not in TLP 2.0, such as `tlp:white`, or not in PAP.
 */
export function readMarking(...tagged: readonly MispTagged[]): Partial<Marking> {
  const names = tagged.flatMap(({ Tag }) => (Tag ?? []).map(({ name }) => name.trim()));
  const tlps = names
    .filter((name) => /^tlp\s*:/i.test(name))
    .map((name) => readTlp(name.replace(/\s*:/, ':')));
  const paps = names.filter((name) => /^pap\s*:/i.test(name)).map(readPap);
  const tlp = tlpScale.findLast((label) => tlps.includes(label));
  const pap = papScale.findLast((label) => paps.includes(label));
  return { ...(tlp === undefined ? {} : { tlp }), ...(pap === undefined ? {} : { pap }) };
}

function readPap(label: string): Marking['pap'] {
  const name = label.replace(/^pap\s*:\s*/i, '').toUpperCase();
  // The older name of CLEAR in the taxonomy.
  const pap = name === 'WHITE' ? 'CLEAR' : papScale.find((known) => known === name);
  if (pap === undefined) throw new RejectError('WRONG_MARKING', 'Tag: expected a PAP label of the taxonomy');
  return pap;
}

/** A MISP distribution: its level, and its sharing group if the level is 4. Null if nothing is set. */
export type Distribution = { readonly level: number; readonly group: string | null } | null;

/**
 * Reads the distribution of an event, object or attribute. Returns null if there is none or it is inherited (5): the
 * parent decides, and for an event the default of the source. Throws WRONG_MARKING for a level that MISP does not have.
 */
export function readDistribution(shared: MispShared): Distribution {
  const { distribution, SharingGroup } = shared;
  if (distribution === null || distribution === undefined || `${distribution}` === '5') return null;
  const level = ['0', '1', '2', '3', '4'].indexOf(`${distribution}`);
  if (level === -1) throw new RejectError('WRONG_MARKING', 'distribution: expected 0 to 5');
  // The number is local to the sending instance. The prefix keeps it from matching a sharing group of the registry.
  const group = SharingGroup?.name ?? `misp-sharing-group-${shared.sharing_group_id ?? 'unknown'}`;
  return { level, group: level === 4 ? group : null };
}

/** Returns the strictest distribution. Two different sharing groups leave the originator only. */
export function strictest(...distributions: readonly Distribution[]): Distribution {
  return distributions.reduce((one, other) => {
    if (one === null || other === null) return one ?? other;
    if (one.level === 4 && other.level === 4 && one.group !== other.group) return { level: 0, group: null };
    return strictness[one.level]! >= strictness[other.level]! ? one : other;
  }, null);
}

/** The strictness of each level: everyone (3), communities (1, 2), a sharing group (4), the own organisation (0). */
const strictness = [3, 1, 1, 0, 2] as const;

/** Translates a distribution to an audience. Without a distribution the default applies. */
export function toAudience(distribution: Distribution): Partial<Audience> {
  if (distribution === null) return {};
  if (distribution.level === 3) return { reach: 'ANYONE' };
  if (distribution.level === 1 || distribution.level === 2) return { reach: 'COMMUNITY' };
  const sharingGroups = distribution.group === null ? [] : [distribution.group];
  return { reach: 'NAMED', organisations: [], sharingGroups, persons: [], agreements: [] };
}
