import type { Envelope, Portion } from './envelope.ts';

/**
 * Returns an envelope with the marking, the audience and the releases of one of its portions. A release of the record does
 * not open its portions.
 */
export function asPortion(envelope: Envelope, { marking, audience, releases = [] }: Portion): Envelope {
  return { ...envelope, marking, audience, releases };
}
