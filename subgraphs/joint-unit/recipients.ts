import { organisationKey } from '../../schema/record/keys.ts';
import { organisationsIn } from '../../schema/workflow/engine/condition.ts';
import type { Resolver } from '../serve/graph/resolvers.ts';
import type { Row } from '../serve/read/row.ts';

type Recipient = { readonly organisation: string | null; readonly acknowledgedAt: unknown };

/**
 * The recipients of a recall. The originator sees all of them, a recipient itself only, other readers none. They are those
 * of the threads; a recall that was imported has no threads, and names them in its content.
 */
export const recipientsOf: Resolver = async (row: Row, _args, { standings, reader }) => {
  if (row.decision.hidden.has('threads')) return [];
  const threads = await standings.threads(row);
  if (threads.length > 0)
    return threads.map(({ recipient, acknowledgedAt = null }): Recipient => ({
      organisation: recipient as string,
      acknowledgedAt,
    }));
  const imported = row.content['recipients'];
  if (!Array.isArray(imported)) return [];
  const isOriginator = row.envelope.originator === reader.organisation;
  return imported.flatMap((one: Recipient) =>
    isOriginator || organisationsIn(one).includes(reader.organisation)
      ? [{ ...one, organisation: organisationKey(organisationsIn(one)[0] ?? '') }]
      : [],
  );
};
