import { communities, type Community, communityField } from '../record/vocabulary.ts';
import { capital } from './graph/names.ts';

/** Returns the type of a community's notices in the graph, such as `JointUnitNotice`. */
export function noticeType(community: Community): string {
  return `${capital(communityField(community))}Notice`;
}

/** Returns the id of a notice in the graph, from the id in the store of its community. */
export function noticeKey(community: Community, id: string): string {
  return `${noticeType(community)}:${id}`;
}

/** Returns the id in the store of the community's notice; null for an id of another form or community. */
export function noticeIdIn(community: Community, key: string): string | null {
  const prefix = `${noticeType(community)}:`;
  const id = key.startsWith(prefix) ? key.slice(prefix.length) : '';
  return /^[\w-]{43}$/.test(id) ? id : null;
}

/** Returns the community whose notices have a type; null for any other type. */
export function communityOfNotices(type: string): Community | null {
  return communityOfType.get(type) ?? null;
}

const communityOfType: ReadonlyMap<string, Community> = new Map(
  communities.map((community) => [noticeType(community), community]),
);
