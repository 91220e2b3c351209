import type { RecordedDisclosure } from '../../schema/disclosure.ts';
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

function isClear(disclosure: RecordedDisclosure): boolean {
  const { tlp, portions, handlingCodes, extraRestrictions } = disclosure;
  const limited = handlingCodes.length > 0 || extraRestrictions.length > 0;
  return tlp === 'CLEAR' && !limited && portions.every((portion) => portion.tlp === 'CLEAR');
}
