import { randomUUID } from 'node:crypto';
import type { Agent } from 'undici';
import { signAssertion } from '../../schema/protocol/assertion.ts';
import type { ChangeLine, ChangeRequest } from '../../schema/protocol/change-event.ts';
import { UnexpectedStatus } from '../dispatch/fetch-subgraph.ts';
import { hub } from '../dispatch/hub-itself.ts';
import type { HeldSession, Sessions } from '../dispatch/hub-sessions.ts';
import { type LineRate, readLines, usualRate } from './change-lines.ts';

/** Streams the changes of one community's store to `take`, until the stream ends or `signal` is aborted. */
export type AskChanges = (
  asked: ChangeRequest,
  take: (line: ChangeLine) => Promise<void> | void,
  signal: AbortSignal,
) => Promise<void>;

/** The parts with which changes are requested. */
export type ChangesPart = {
  /** The URL of the subgraph's `/graphql`. */
  readonly url: string;
  readonly agent: Agent;
  readonly sessions: Sessions;
  /** The name of the policy version in force. Throws if there is none. */
  readonly policyVersion: () => string;
  readonly rate?: LineRate;
};

/**
 * Creates the function that follows one subgraph, with an assertion for the body and the policy version. If the subgraph
 * no longer knows the session, it tries once in a new one.
 */
export function createAskChanges(part: ChangesPart): AskChanges {
  const { origin, pathname } = new URL('changes', part.url);
  return async (asked, take, signal) => {
    const body = JSON.stringify(asked);
    const askIn = async (held: HeldSession): Promise<void> => {
      const authorization = authorizationOf(held, body, part.policyVersion());
      const { agent, rate = usualRate } = part;
      await readLines({ origin, path: pathname, body, authorization, agent, rate }, take, signal);
    };
    const held = await part.sessions.take();
    try {
      await askIn(held);
    } catch (error) {
      if (!(error instanceof UnexpectedStatus) || error.status !== 401) throw error;
      const other = await part.sessions.takeAfterRefusal(held);
      if (other === null) throw error;
      await askIn(other);
    }
  };
}

function authorizationOf(held: HeldSession, body: string, policy: string): string {
  const assertion = { reader: hub, policy, correlationId: randomUUID(), delivery: 'changes' } as const;
  return `Bearer ${signAssertion(assertion, { body, number: held.next() }, held.session, new Date())}`;
}
