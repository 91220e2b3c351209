import { type DocumentNode, getOperationAST } from 'graphql';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { isChange } from '../request/operation.ts';
import { canonicalBytes, sha256 } from './canonical.ts';
import type { AuditFacts } from './entry.ts';
import type { Trail } from './trail.ts';

/**
 * Records an answer, which may leave once this resolves. Disclosures above CLEAR are durable by then. An answer with
 * CLEAR records only does not wait while the writer is healthy: its entry is written later, with retries. Rejects with
 * TRAIL_UNAVAILABLE, or with OPERATION_TOO_LARGE if the entry would be too large; the answer must not leave then.
 * `before` are the disclosures of its earlier parts, whose records a later part can show more of.
 */
export async function recordDisclosure(
  trail: Pick<Trail, 'healthy' | 'append' | 'appendLater'>,
  facts: AuditFacts,
  before: readonly RecordedDisclosure[] = [],
): Promise<void> {
  if (trail.healthy && [...before, ...facts.disclosed].every(isClear)) trail.appendLater(facts);
  else await trail.append(facts);
}

/**
 * Durably records the intent of a mutation before it is sent to a community. Rejects with TRAIL_UNAVAILABLE; the
 * mutation must not be sent then. The result is an `access` entry with the same correlation id. If it is missing, the
 * community's idempotency key says whether the change was made.
 */
export async function recordIntent(
  trail: Pick<Trail, 'append'>,
  facts: Omit<AuditFacts, 'kind' | 'disclosed' | 'lost' | 'fields'>,
): Promise<void> {
  await trail.append({
    ...facts,
    kind: 'intent',
    disclosed: [],
    lost: [],
    fields: { given: [], empty: [] },
  });
}

/**
 * Returns the variables for the audit log: those that the operation declares, since no other has an effect. Of a
 * mutation only their hash: they are a community's record.
 */
export function recordable(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const declared = getOperationAST(document)?.variableDefinitions ?? [];
  const names = declared.map(({ variable }) => variable.name.value);
  const used = Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(variables, name) ? [[name, variables[name]]] : [])),
  );
  return isChange(document) ? { sha256: sha256(canonicalBytes(used)) } : used;
}

function isClear(disclosure: RecordedDisclosure): boolean {
  return [disclosure, ...disclosure.portions].every(
    ({ tlp, handlingCodes, extraRestrictions }) =>
      tlp === 'CLEAR' && handlingCodes.length === 0 && extraRestrictions.length === 0,
  );
}
