import type { Agent } from 'undici';
import { signAssertion } from '../../schema/protocol/assertion.ts';
import { within } from '../../schema/runtime/within.ts';
import type { RequestContext } from '../request/context.ts';
import { fetchPart, type PartAnswer, UnexpectedStatus } from './fetch-part.ts';
import type { HeldSession, Sessions } from './hub-sessions.ts';

/** Asks one community for its part of an answer, in a reader's name. Rejects where it does not answer in time. */
export type AskPart = (body: string, context: RequestContext) => Promise<PartAnswer>;

/**
 * Asks under an assertion for this body and reader, and the version of the policy that the hub decided under. A
 * subgraph that knows the session no more is asked once again in another one, within the same deadline.
 */
export function createAsk(
  part: { readonly url: string; readonly deadlineMs: number; readonly agent: Agent },
  sessions: Sessions,
): AskPart {
  return async (body, context) => {
    const until = Math.min(Date.now() + part.deadlineMs, context.deadline);
    const left = () => Math.max(1, until - Date.now());
    const askIn = async (held: HeldSession) =>
      await fetchPart(part.url, body, vouch(held, body, context), left(), part.agent);
    const held = await within(left(), sessions.take());
    try {
      return await askIn(held);
    } catch (error) {
      if (!(error instanceof UnexpectedStatus) || error.status !== 401) throw error;
      const other = await within(left(), sessions.takeAfterRefusal(held));
      if (other === null) throw error;
      return await askIn(other);
    }
  };
}

/** The hub's word for the reader, for this body in this session. */
function vouch(held: HeldSession, body: string, context: RequestContext): { readonly authorization: string } {
  const { reader, correlationId } = context;
  const policy = context.policy.version;
  const request = { body, number: held.next() };
  const signed = signAssertion({ reader, policy, correlationId }, request, held.session, new Date());
  return { authorization: `Bearer ${signed}` };
}
