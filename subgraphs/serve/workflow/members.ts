import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Attempt } from '../../../schema/workflow/engine/attempt.ts';
import { organisationsIn } from '../../../schema/workflow/engine/condition.ts';
import { isMembership } from '../../../schema/workflow/engine/membership.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';

/**
 * Returns the inputs of a move that name members: fields of relations, and inputs that the move adds to one. Leaves out the
 * inputs of `opens`.
 */
export function membersNamedBy({ relations, moves }: Workflow, move: string): readonly string[] {
  const fields = new Set(Object.values(relations).flatMap(({ field }) => field ?? []));
  const added = Object.entries(moves[move]?.sets ?? {}).flatMap(([fact, setting]) =>
    fields.has(fact) && isMembership(setting) ? [setting].flat() : [],
  );
  const names = added.flatMap((one) => ('set' in one ? one.set : 'add' in one ? one.add : []));
  const opens = moves[move]?.opens ?? [];
  return [...new Set([...fields, ...names])].filter((name) => !opens.includes(name));
}

/** Returns the organisations to which a move opens its record: those of the inputs that it declares. */
export function openedBy({ moves }: Workflow, move: string, input: Attempt['input']): readonly string[] {
  return (moves[move]?.opens ?? []).flatMap((name) => organisationsIn(input[name]));
}

/** Returns an envelope whose audience names organisations too. */
export function withReaders(envelope: Envelope, organisations: readonly string[]): Envelope {
  const { audience } = envelope;
  const all = [...new Set([...audience.organisations, ...organisations])];
  return { ...envelope, audience: { ...audience, organisations: all }, readingByHand: true };
}

/** Returns an envelope whose audience no longer names an organisation. The originator still reads its record. */
export function withoutReader(envelope: Envelope, organisation: string | null): Envelope {
  const { audience, portions } = envelope;
  if (organisation === null || !audience.organisations.includes(organisation)) return envelope;
  const narrow = (one: Envelope['audience']): Envelope['audience'] => ({
    ...one,
    organisations: one.organisations.filter((other) => other !== organisation),
  });
  return {
    ...envelope,
    audience: narrow(audience),
    portions: portions.map((portion) => ({ ...portion, audience: narrow(portion.audience) })),
    readingByHand: true,
  };
}
