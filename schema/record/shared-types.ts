import {
  actorKey,
  indicatorKey,
  memberStateKey,
  organisationKey,
  parseIndicatorKey,
  vulnerabilityKey,
} from './keys.ts';

/** The types that several communities contribute to, each with a natural key. No store holds them. */
export const sharedTypes = [
  'Vulnerability',
  'ThreatActor',
  'Indicator',
  'Organisation',
  'MemberState',
  'JointCase',
] as const;
export type SharedType = (typeof sharedTypes)[number];

/** Returns true if a type is shared. */
export function isSharedType(name: string): name is SharedType {
  return (sharedTypes as readonly string[]).includes(name);
}

/** Returns `JointCase:JC-2026-0007` for an id in any spelling; null if it is not one. */
export function jointCaseKey(id: string): string | null {
  const match = /^\s*(JC-\d{4}-\d{4,8})\s*$/i.exec(id);
  return match?.[1] === undefined ? null : `JointCase:${match[1].toUpperCase()}`;
}

/**
 * Returns the normalised key of a shared type from a key (`MemberState:FR`) or from its value (`FR`); null if it is not
 * one.
 *
 * @param resolveActor returns the key of an actor's name
 */
export function sharedKey(
  type: SharedType,
  text: string,
  resolveActor: (name: string) => string | null = (name) => actorKey({ name }),
): string | null {
  const value = text.startsWith(`${type}:`) ? text.slice(type.length + 1) : text;
  if (type === 'ThreatActor') return actorOf(value, value !== text, resolveActor);
  return keyMakers[type](value);
}

/** Returns the registry id that a registry id or a key of Organisation names. Null for any other value. */
export function organisationIn(given: unknown): string | null {
  const key = typeof given === 'string' ? sharedKey('Organisation', given) : null;
  return key === null ? null : key.slice('Organisation:'.length);
}

const keyMakers: Readonly<Record<Exclude<SharedType, 'ThreatActor'>, (value: string) => string | null>> = {
  Vulnerability: vulnerabilityKey,
  Indicator: (value) => {
    const parsed = parseIndicatorKey(`Indicator:${value}`);
    return parsed === null ? null : indicatorKey(parsed.type, parsed.value);
  },
  Organisation: organisationKey,
  MemberState: memberStateKey,
  JointCase: jointCaseKey,
};

function actorOf(
  value: string,
  isKey: boolean,
  resolveActor: (name: string) => string | null,
): string | null {
  if (!isKey) return resolveActor(value);
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return actorKey({ uuid: value });
  const name = /^name:(.+)$/s.exec(value)?.[1];
  return name === undefined ? null : actorKey({ name });
}
