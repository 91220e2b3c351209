import type { Agent } from 'undici';
import { signAssertion } from '../../schema/protocol/assertion.ts';
import { within } from '../../schema/runtime/within.ts';
import type { RequestContext } from '../request/context.ts';
import { fetchSubgraph, type Reading, type SubgraphResponse, UnexpectedStatus } from './fetch-subgraph.ts';
import type { HeldSession, Sessions } from './hub-sessions.ts';

/** Sends one query to a community on behalf of a reader. Rejects if it does not answer in time. */
export type AskSubgraph = (
  body: string,
  context: RequestContext,
  reading: Reading,
) => Promise<SubgraphResponse>;

/**
 * Creates the function that queries one subgraph with an assertion for the body, the reader and the policy version. If
 * the subgraph no longer knows the session, it retries once in a new session within the same deadline.
 */
export function createAsk(
  subgraph: { readonly url: string; readonly deadlineMs: number; readonly agent: Agent },
  sessions: Sessions,
): AskSubgraph {
  return async (body, context, reading) => {
    const until = Math.min(Date.now() + subgraph.deadlineMs, context.deadline);
    const left = () => Math.max(1, until - Date.now());
    const askIn = async (held: HeldSession) =>
      await fetchSubgraph(
        subgraph.url,
        body,
        assertionHeader(held, body, context, left()),
        left(),
        subgraph.agent,
        reading,
      );
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

/** Signs the assertion about the reader, bound to this body and this session. */
function assertionHeader(
  held: HeldSession,
  body: string,
  context: RequestContext,
  waitsMs: number,
): Readonly<Record<string, string>> {
  const { reader, correlationId, delivery, addressed, members } = context;
  const policy = context.policy.version;
  const request = { body, number: held.next() };
  const use = delivery !== undefined && { delivery };
  // Other communities that are asked for the same answer must not learn the addressees of a change.
  const isTo = addressed?.community === held.session.community;
  const stated = addressed !== undefined && isTo && { addressed: addressed.statement };
  const persons = members?.get(held.session.community);
  const assertion = {
    reader,
    policy,
    correlationId,
    waitsMs,
    ...use,
    ...stated,
    ...(persons && { members: persons }),
  };
  const signed = signAssertion(assertion, request, held.session, new Date());
  return { authorization: `Bearer ${signed}`, ...context.observed.traceHeaders() };
}
