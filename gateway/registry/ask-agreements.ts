import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { type AgreementStates, readAgreementStates } from '../../schema/protocol/agreement-states.ts';
import { signAssertion } from '../../schema/protocol/assertion.ts';
import type { SigningKey } from '../../schema/protocol/session.ts';
import { createAgree } from '../dispatch/agree.ts';
import { createAgent, post, UnexpectedStatus } from '../dispatch/fetch-subgraph.ts';
import { hub } from '../dispatch/hub-itself.ts';
import { type HeldSession, Sessions } from '../dispatch/hub-sessions.ts';
import type { HubSettings } from '../settings.ts';

/** Asks the joint unit for the states of agreements. Rejects if it does not answer in time. */
export type AskAgreements = (records: readonly string[]) => Promise<AgreementStates>;

/** An answer has at most some 100 bytes for each agreement. */
const maxBytes = 100_000;

/** One question a second, and the agreement of a session. */
const connections = 2;

/**
 * Creates the function that asks the joint unit. It has its connections and sessions apart, so that a busy community
 * delays no end of an agreement. `stop` ends them.
 */
export function createAskAgreements(
  settings: Pick<HubSettings, 'subgraphs' | 'subgraphsCa' | 'deployment' | 'partDeadlineMs'>,
  policy: () => Policy,
  key: () => SigningKey,
  log: Logger,
): { readonly ask: AskAgreements; readonly stop: () => Promise<void> } {
  const agent = createAgent(settings.subgraphsCa, connections);
  const { 'joint-unit': url } = settings.subgraphs;
  const subgraph = { url, deadlineMs: settings.partDeadlineMs, agent };
  const ends = { deployment: settings.deployment, community: 'joint-unit' };
  const sessions = new Sessions(createAgree(ends, subgraph, key), () => key().id, log);
  const askIn = async (held: HeldSession, body: string): Promise<AgreementStates> => {
    const assertion = {
      reader: hub,
      policy: policy().version,
      correlationId: randomUUID(),
      delivery: 'agreements',
    } as const;
    const token = signAssertion(assertion, { body, number: held.next() }, held.session, new Date());
    const headers = { authorization: `Bearer ${token}` };
    const { deadlineMs } = subgraph;
    const sent = { body, headers, deadlineMs, addBytes: limitBytes(maxBytes), signal: null };
    return readAgreementStates(
      JSON.parse((await post(new URL('agreements', url).href, sent, agent)).toString()),
    );
  };
  return {
    ask: async (records) => {
      const body = JSON.stringify({ records });
      const held = await sessions.take();
      try {
        return await askIn(held, body);
      } catch (error) {
        if (!(error instanceof UnexpectedStatus) || error.status !== 401) throw error;
        const other = await sessions.takeAfterRefusal(held);
        if (other === null) throw error;
        return await askIn(other, body);
      }
    },
    stop: async () => await agent.destroy(),
  };
}

/** Returns a function that counts bytes, and throws above a limit. */
function limitBytes(most: number): (bytes: number) => void {
  let sum = 0;
  return (bytes) => {
    sum += bytes;
    if (sum > most) throw new Error(`expected an answer of at most ${most} bytes`);
  };
}
