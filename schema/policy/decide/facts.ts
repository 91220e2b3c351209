import { isEnvelope } from '../../record/check-envelope.ts';
import type { Envelope } from '../../record/envelope.ts';
import {
  distributions,
  handlingCodes,
  papScale,
  type Reach,
  reaches,
  recordStates,
  type Tlp,
  tlpScale,
} from '../../record/vocabulary.ts';
import { type RecordFacts, unset } from '../language/domain.ts';

/**
 * Returns a record as the rules see it, before or after its embargo ends. Returns null for an invalid envelope or an
 * unknown value of a fact: a missing or malformed marking counts as the strictest, so nobody has access (J01).
 */
export function factsOf(
  envelope: unknown,
  kind: string,
  embargo: 'over' | 'running',
  declared: Readonly<Record<string, readonly string[]>>,
): RecordFacts | null {
  return isEnvelope(envelope) ? factsOfWhole(envelope, kind, embargo, declared) : null;
}

/** Does the same as `factsOf` for an envelope that is already validated. */
export function factsOfWhole(
  envelope: Envelope,
  kind: string,
  embargo: 'over' | 'running',
  declared: Readonly<Record<string, readonly string[]>>,
): RecordFacts | null {
  const { marking, audience } = envelope;
  const stated = statedFacts(envelope, declared);
  if (stated === null) return null;
  return {
    ...stated,
    kind,
    picture: 'same',
    marking: 'valid',
    classification: 'none',
    tlp: marking.tlp,
    opens: opensTo(marking.tlp, audience.reach),
    pap: marking.pap,
    distribution: marking.distribution,
    codes: codesOf(marking.handlingCodes),
    restrictions: marking.extraRestrictions.length === 0 ? 'none' : 'some',
    embargo,
    state: envelope.recordState,
  };
}

/**
 * Encodes everything that the facts of a valid envelope depend on as one number. Envelopes with the same number have
 * the same facts. Null if the envelope states declared facts. A string would cost more to look up than the rest of a
 * decision.
 */
export function signatureOf(envelope: Envelope, embargo: 'over' | 'running'): number | null {
  if (envelope.facts !== undefined) return null;
  const { marking, audience, recordState } = envelope;
  let signature = recordStates.indexOf(recordState);
  signature = signature * tlpScale.length + tlpScale.indexOf(marking.tlp);
  signature = signature * reaches.length + reaches.indexOf(audience.reach);
  signature = signature * papScale.length + papScale.indexOf(marking.pap);
  signature = signature * distributions.length + distributions.indexOf(marking.distribution);
  for (const code of handlingCodes)
    signature = signature * 2 + (marking.handlingCodes.includes(code) ? 1 : 0);
  signature = signature * 2 + (marking.extraRestrictions.length === 0 ? 0 : 1);
  return signature * 2 + (embargo === 'over' ? 0 : 1);
}

function codesOf(codes: Envelope['marking']['handlingCodes']): string {
  return codes.length === 0 ? '' : handlingCodes.filter((code) => codes.includes(code)).join(',');
}

/** Returns the declared facts by dimension, or null if one has a value that the policy does not declare. */
function statedFacts(
  envelope: Envelope,
  declared: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, string>> | null {
  if (envelope.facts === undefined) return unsetFacts(declared);
  const facts: Record<string, string> = {};
  for (const [name, values] of Object.entries(declared)) {
    const stated: unknown = envelope.facts[name];
    if (stated !== undefined && (typeof stated !== 'string' || !values.includes(stated))) return null;
    facts[factName(name)] = stated ?? unset;
  }
  return facts;
}

const blanks = new WeakMap<Readonly<Record<string, readonly string[]>>, Readonly<Record<string, string>>>();

/** Most records state no declared fact, so they share one object. */
function unsetFacts(declared: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, string>> {
  const known =
    blanks.get(declared) ?? Object.fromEntries(Object.keys(declared).map((name) => [factName(name), unset]));
  blanks.set(declared, known);
  return known;
}

/** Returns the dimension of a declared fact. The prefix keeps it apart from the standard dimensions. */
export function factName(name: string): string {
  return `fact:${name}`;
}

/** Returns the stricter of the reach of a TLP colour and the reach of an audience. */
export function opensTo(tlp: Tlp, reach: Reach): Reach {
  const byColour = tlp === 'CLEAR' ? 'ANYONE' : tlp === 'GREEN' ? 'COMMUNITY' : 'NAMED';
  return reaches[Math.max(reaches.indexOf(byColour), reaches.indexOf(reach))] ?? 'NAMED';
}
