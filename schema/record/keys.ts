import { type IndicatorType, indicatorTypes } from './indicator-types.ts';
import { canonicalIndicator } from './indicator-value.ts';

/** Returns `Vulnerability:CVE-2025-53770` or `Vulnerability:EUVD-2025-1` for an id in any spelling; null if it is not one. */
export function vulnerabilityKey(id: string): string | null {
  const match = /^\s*(CVE-\d{4}-\d{4,19}|EUVD-\d{4}-\d{1,19})\s*$/i.exec(id);
  return match?.[1] === undefined ? null : `Vulnerability:${match[1].toUpperCase()}`;
}

/** Returns every CVE id in a text, in upper case, each once, in order of first occurrence. */
export function findCveIds(text: string): readonly string[] {
  return [...new Set((text.match(/CVE-\d{4}-\d{4,19}/gi) ?? []).map((id) => id.toUpperCase()))];
}

/**
 * Removes case, accents, spaces and punctuation from a name, so that `APT 29`, `APT-29` and `apt29` are equal. Returns
 * null if nothing is left or the name is longer than 200 characters.
 */
export function normaliseName(name: string): string | null {
  if (name.length > 200) return null;
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const letters = plain.replaceAll(/[^\p{L}\p{N}]/gu, '');
  return letters === '' ? null : letters;
}

/** Returns `ThreatActor:<uuid>` for an actor of the alias table, otherwise `ThreatActor:name:<normalised>` or null. */
export function actorKey(actor: { readonly uuid: string } | { readonly name: string }): string | null {
  if ('uuid' in actor) return `ThreatActor:${actor.uuid.toLowerCase()}`;
  const name = normaliseName(actor.name);
  return name === null ? null : `ThreatActor:name:${name}`;
}

/**
 * Returns `Indicator:DOMAIN_NAME:example.org` for a value in any spelling (`canonicalIndicator`); null if the value is not
 * of the type, or longer than 2,048 characters.
 */
export function indicatorKey(type: IndicatorType, value: string): string | null {
  const canonical = canonicalIndicator(type, value);
  return canonical === null ? null : `Indicator:${canonical.type}:${canonical.value}`;
}

/** Returns the type and the value of an indicator's key; null if it is not one. */
export function parseIndicatorKey(
  key: string,
): { readonly type: IndicatorType; readonly value: string } | null {
  const match = /^Indicator:([A-Z0-9_]+):(.+)$/s.exec(key);
  const type = indicatorTypes.find((known) => known === match?.[1]);
  return type === undefined || match?.[2] === undefined ? null : { type, value: match[2] };
}

/** Returns `MemberState:FR`; null if the code is not one of an EU Member State. */
export function memberStateKey(code: string): string | null {
  const upper = code.trim().toUpperCase();
  return Object.hasOwn(memberStates, upper) ? `MemberState:${upper}` : null;
}

/** Returns `Organisation:cert-eu`; null if the id does not have the form of a registry id. */
export function organisationKey(id: string): string | null {
  return /^[a-z0-9][a-z0-9-]{0,63}$/.test(id) ? `Organisation:${id}` : null;
}

/** The EU Member States by ISO 3166-1 alpha-2 code. Greece is GR; EU style guides write EL. */
export const memberStates: Readonly<Record<string, string>> = {
  AT: 'Austria',
  BE: 'Belgium',
  BG: 'Bulgaria',
  CY: 'Cyprus',
  CZ: 'Czechia',
  DE: 'Germany',
  DK: 'Denmark',
  EE: 'Estonia',
  ES: 'Spain',
  FI: 'Finland',
  FR: 'France',
  GR: 'Greece',
  HR: 'Croatia',
  HU: 'Hungary',
  IE: 'Ireland',
  IT: 'Italy',
  LT: 'Lithuania',
  LU: 'Luxembourg',
  LV: 'Latvia',
  MT: 'Malta',
  NL: 'Netherlands',
  PL: 'Poland',
  PT: 'Portugal',
  RO: 'Romania',
  SE: 'Sweden',
  SI: 'Slovenia',
  SK: 'Slovakia',
};

/** Returns the part of a key after its type: `CVE-2025-1` of `Vulnerability:CVE-2025-1`. */
export function withoutType(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}
