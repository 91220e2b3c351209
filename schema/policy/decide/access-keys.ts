import { type Action, actions, allActions } from '../language/domain.ts';

/** The parts of an access key. */
export type AccessKey = {
  /** The version of the policy that the key belongs to. */
  readonly version: number;
  /** `real`, or the name of an exercise. */
  readonly picture: string;
  /** The value of the relation without its purpose, such as `org:cert-eu` (relations.ts). */
  readonly value: string;
  /** The purpose that the relation is bound to; null where it is bound to none. */
  readonly purpose: string | null;
  /** Classes that a reader must belong to. */
  readonly classes: readonly string[];
  /** Classes that a reader must not belong to. */
  readonly without: readonly string[];
  readonly actions: readonly Action[];
};

/** Returns the part of a key that names the policy version and the picture. */
export function keyPrefix(version: number, picture: string): string {
  return `${version}|${picture}`;
}

/** Returns the part of a key that names the classes and the actions. */
export function keySuffix(
  classes: readonly string[],
  without: readonly string[],
  allowed: ReadonlySet<Action>,
): string {
  const conditions = [...classes, ...without.map((name) => `!${name}`)].map((name) => `&${name}`).join('');
  const letters = allActions.filter((action) => allowed.has(action)).map((action) => actions[action]);
  return `${conditions};${letters.join('')}`;
}

/**
 * Returns an access key. Keys of two policy versions never match, so keys of a new version can be stored next to those
 * of the version in force.
 *
 * @example writeKey(keyPrefix(7, 'real'), 'org:cert-eu', ';rs') // '7|real|org:cert-eu;rs'
 */
export function writeKey(prefix: string, value: string, suffix: string): string {
  return `${prefix}|${value}${suffix}`;
}

/** Parses an access key. Returns null for a text that is not one. */
export function readKey(key: string): AccessKey | null {
  const [, version, picture, subject, letters] = /^(\d+)\|([^|]+)\|(.+);([a-z]+)$/s.exec(key) ?? [];
  if (picture === undefined || subject === undefined || letters === undefined) return null;
  const [bound = '', ...conditions] = subject.split('&');
  const [value = '', purpose = null] = bound.split('+for:');
  return {
    version: Number(version),
    picture,
    value,
    purpose,
    classes: conditions.filter((name) => !name.startsWith('!')),
    without: conditions.filter((name) => name.startsWith('!')).map((name) => name.slice(1)),
    actions: allActions.filter((action) => letters.includes(actions[action])),
  };
}

/** Matches the keys of one policy version. */
export function keysOfVersion(version: number): RegExp {
  return new RegExp(`^${version}\\|`);
}

/** Returns whether a key admits every reader with a valid token, under no condition. */
export function isForAnyone(key: string): boolean {
  const read = readKey(key);
  return read?.value === 'anyone' && read.classes.length + read.without.length === 0;
}
