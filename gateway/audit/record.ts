import type { DocumentNode } from 'graphql';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { isChange } from '../request/operation.ts';
import { canonicalBytes, sha256 } from './canonical.ts';
import type { AuditFacts } from './entry.ts';
import type { Trail } from './trail.ts';

/**
 * The last stage of a request: the answer may leave once this resolves. What is above CLEAR is durable by then. An
 * answer without any does not wait while the trail is healthy: it is written behind it, and tried until it is in.
 * Rejects with TRAIL_UNAVAILABLE, and OPERATION_TOO_LARGE for an answer of more records than an entry holds: no
 * trail, no answer.
 */
export async function recordDisclosure(
  trail: Pick<Trail, 'healthy' | 'append' | 'appendLater'>,
  facts: AuditFacts,
): Promise<void> {
  if (trail.healthy && facts.disclosed.every(isClear)) trail.appendLater(facts);
  else await trail.append(facts);
}

/**
 * Before a change is sent to a community: that it is about to be, durable. Rejects with TRAIL_UNAVAILABLE: no trail, no
 * change. What came of it is an access of the same correlation id; where that is missing, the community's own record
 * of the key says whether it was made.
 */
export async function recordIntent(
  trail: Pick<Trail, 'append'>,
  facts: Omit<AuditFacts, 'kind' | 'disclosed' | 'lost'>,
): Promise<void> {
  await trail.append({ ...facts, kind: 'intent', disclosed: [], lost: [] });
}

/** Variables as the trail keeps them: of a change their hash alone, since they are a community's record. */
export function recordable(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return isChange(document) ? { sha256: sha256(canonicalBytes(variables)) } : variables;
}

function isClear(disclosure: RecordedDisclosure): boolean {
  const { tlp, portions, handlingCodes, extraRestrictions } = disclosure;
  const limited = handlingCodes.length > 0 || extraRestrictions.length > 0;
  return tlp === 'CLEAR' && !limited && portions.every((portion) => portion.tlp === 'CLEAR');
}
