import {
  actorKey,
  indicatorKey,
  memberStateKey,
  organisationKey,
  parseIndicatorKey,
  vulnerabilityKey,
} from './keys.ts';

/** The types that several communities fill, each under a natural key: no store holds them. */
export const sharedTypes = [
  'Vulnerability',
  'ThreatActor',
  'Indicator',
  'Organisation',
  'MemberState',
  'JointCase',
] as const;
export type SharedType = (typeof sharedTypes)[number];

export function isSharedType(name: string): name is SharedType {
  return (sharedTypes as readonly string[]).includes(name);
}

/** `JointCase:JC-2026-0007`, from any spelling of the id; null if it is none. */
export function jointCaseKey(id: string): string | null {
  const match = /^\s*(JC-\d{4}-\d{4,8})\s*$/i.exec(id);
  return match?.[1] === undefined ? null : `JointCase:${match[1].toUpperCase()}`;
}

/**
 * The key of a shared type from a whole key (`MemberState:FR`) or from its value (`FR`), in one spelling; null where it
 * is none. `resolveActor` turns an actor's name into its key.
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
