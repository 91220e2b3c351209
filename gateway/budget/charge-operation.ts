import type { DocumentNode } from 'graphql';
import type { RequestContext } from '../request/context.ts';
import type { Charge } from './charge.ts';
import { countSelections, documentLimits, limitDocument } from './document-size.ts';
import type { ListLengths } from './list-lengths.ts';
import { limitOperation, nothing } from './operation-size.ts';

/** A document that is not validated yet, and what of it goes to the audit log. */
export type Submitted = {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly keptBytes: number;
};

/**
 * Limits and charges an operation before it is validated: validation is work, whatever it finds. `choose` returns the
 * operation that is executed. A document that is refused still costs its selections as they are written. Returns the
 * chosen operation. Throws OPERATION_TOO_LARGE or RATE_LIMITED, or what `choose` throws.
 */
export async function chargeOperation(...given: Parameters<typeof limitAndCharge>): Promise<DocumentNode> {
  const [, , , , context] = given;
  return await context.observed.run('budget', async () => await limitAndCharge(...given));
}

async function limitAndCharge(
  { document, variables, keptBytes }: Submitted,
  choose: () => DocumentNode,
  lists: ListLengths,
  charge: Charge,
  context: RequestContext,
): Promise<DocumentNode> {
  const written = countSelections(document);
  const chosen = await (async () => {
    try {
      limitDocument(document);
      const operation = choose();
      return { operation, size: limitOperation(operation, variables, lists) };
    } catch (error) {
      const selections = Math.min(written, 2 * documentLimits.selections);
      await charge.operation({ ...nothing, selections }, context);
      throw error;
    }
  })();
  const selections = Math.max(written, chosen.size.selections);
  await charge.operation({ ...chosen.size, selections }, context, keptBytes);
  return chosen.operation;
}
