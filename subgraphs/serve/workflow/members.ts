import type { Envelope } from '../../../schema/record/envelope.ts';
import { isMembership } from '../../../schema/workflow/engine/membership.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';

/** Returns the inputs of a move that name members: fields of relations, and inputs that the move adds to one. */
export function membersNamedBy({ relations, moves }: Workflow, move: string): readonly string[] {
  const fields = new Set(Object.values(relations).flatMap(({ field }) => field ?? []));
  const added = Object.entries(moves[move]?.sets ?? {}).flatMap(([fact, setting]) =>
    fields.has(fact) && isMembership(setting) ? [setting].flat() : [],
  );
  const names = added.flatMap((one) => ('set' in one ? one.set : 'add' in one ? one.add : []));
  return [...new Set([...fields, ...names])];
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
