import { isEnvelope } from '../check-envelope.ts';
import type { Envelope } from '../envelope.ts';
import { handlingCodes, reaches, type Reach, type Tlp } from '../vocabulary.ts';
import { type RecordFacts, unset } from './domain.ts';

/**
 * A record as the rules see it, at an instant before or after its embargo ends. Null where the envelope is not whole:
 * a marking that is missing, null or of a wrong type is read as the strictest, which opens nothing (J01).
 */
export function factsOf(
  envelope: unknown,
  kind: string,
  embargo: 'over' | 'running',
  declared: Readonly<Record<string, readonly string[]>>,
): RecordFacts | null {
  if (!isEnvelope(envelope)) return null;
  const { marking, audience } = envelope;
  const stated = statedFacts(envelope, declared);
  if (stated === null) return null;
  return {
    kind,
    picture: 'same',
    marking: 'valid',
    classification: 'none',
    tlp: marking.tlp,
    opens: opensTo(marking.tlp, audience.reach),
    pap: marking.pap,
    distribution: marking.distribution,
    codes: handlingCodes.filter((code) => marking.handlingCodes.includes(code)).join(','),
    restrictions: marking.extraRestrictions.length === 0 ? 'none' : 'some',
    embargo,
    state: envelope.recordState,
    ...stated,
  };
}

/** Facts under names of their own; null where one has a value that the policy does not know. */
function statedFacts(
  envelope: Envelope,
  declared: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> | null {
  const facts: Record<string, string> = {};
  for (const [name, values] of Object.entries(declared)) {
    const stated: unknown = envelope.facts?.[name];
    if (stated !== undefined && (typeof stated !== 'string' || !values.includes(stated))) return null;
    facts[factName(name)] = stated ?? unset;
  }
  return facts;
}

/** The dimension that a declared fact becomes: apart from those that every envelope has. */
export function factName(name: string): string {
  return `fact:${name}`;
}

/** How far colour and audience open a record together: the stricter of both. */
export function opensTo(tlp: Tlp, reach: Reach): Reach {
  const byColour = tlp === 'CLEAR' ? 'ANYONE' : tlp === 'GREEN' ? 'COMMUNITY' : 'NAMED';
  return reaches[Math.max(reaches.indexOf(byColour), reaches.indexOf(reach))] ?? 'NAMED';
}
