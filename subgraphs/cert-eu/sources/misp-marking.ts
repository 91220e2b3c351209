import type { Audience } from '../../../schema/record/envelope.ts';
import { readMarkingTag, strictestOf, type TagMarking } from '../../serve/record/marking-tag.ts';
import { RejectError } from '../../serve/record/reject.ts';
import type { MispShared, MispTagged } from './misp-shape.ts';

/** The tags of an event or attribute. Some exports write them as `EventTag` or `AttributeTag`. */
export function tagNames({ Tag, EventTag, AttributeTag }: MispTagged): readonly string[] {
  const linked = [...(EventTag ?? []), ...(AttributeTag ?? [])].map((link) => link.Tag);
  return [...(Tag ?? []), ...linked].map(({ name }) => name);
}

/**
 * Reads the strictest TLP tag and the strictest PAP tag, in any spelling. A scale without a tag is left out. Throws
 * WRONG_MARKING for a tag about TLP or PAP that has no known colour, such as `tlp:ex:chr`.
 */
export function readMarking(...tagged: readonly MispTagged[]): TagMarking {
  return strictestOf(tagged.flatMap(tagNames).flatMap((tag) => readMarkingTag(tag) ?? []));
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
