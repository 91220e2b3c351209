import type { Logger } from 'pino';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { SigningKey } from '../../schema/protocol/session.ts';
import { createAgree } from '../dispatch/agree.ts';
import { createAgent } from '../dispatch/fetch-subgraph.ts';
import { Sessions } from '../dispatch/hub-sessions.ts';
import { communityOfNotices } from '../../schema/workflow/notice-type.ts';
import type { HubSettings } from '../settings.ts';
import { createAskChanges } from './ask-changes.ts';
import type { ChangeFeed } from './change-feed.ts';
import { createChangeFeed } from './feed.ts';

/** The feeds of all communities. `stop` ends their connections. */
export type Feeds = {
  readonly feeds: ReadonlyMap<string, ChangeFeed>;
  readonly stop: () => Promise<void>;
};

/** One stream of changes, four of the past, and the agreement of a session. */
const connections = 6;

/**
 * Creates the feed of each community. They have separate connections and sessions, so that an endless stream takes no
 * slot of a query. `policy` returns the policy in force and throws if there is none.
 */
export function createFeeds(
  settings: Pick<HubSettings, 'subgraphs' | 'subgraphsCa' | 'deployment' | 'partDeadlineMs'>,
  policy: () => Policy,
  key: () => SigningKey,
  log: Logger,
): Feeds {
  const agent = createAgent(settings.subgraphsCa, connections);
  const feeds = Object.entries<string>(settings.subgraphs).map(([community, url]) => {
    const subgraph = { url, deadlineMs: settings.partDeadlineMs, agent };
    const ends = { deployment: settings.deployment, community };
    const sessions = new Sessions(createAgree(ends, subgraph, key), () => key().id, log);
    const ask = createAskChanges({ url, agent, sessions, policyVersion: () => policy().version });
    const owns = (kind: string) => {
      const { kinds } = policy().source.domain;
      if (Object.hasOwn(kinds, kind)) return kinds[kind]?.community === community;
      return communityOfNotices(kind) === community;
    };
    return [community, createChangeFeed(community, owns, ask, log)] as const;
  });
  return { feeds: new Map(feeds), stop: async () => await agent.destroy() };
}
