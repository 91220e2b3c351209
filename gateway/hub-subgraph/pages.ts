import { HubError } from '../../schema/errors.ts';
import type { RequestContext } from '../request/context.ts';
import type { Allowance } from './allowance.ts';
import type { AccessLog } from '../audit/log.ts';

/** What the log's fields are answered from. */
export type LogContext = {
  readonly request: RequestContext;
  readonly log: AccessLog;
  readonly allowance: Allowance;
};

const maxEntries = 100;

/** A page as it was asked for: 25 entries unless told otherwise, 100 at most. Throws BAD_USER_INPUT. */
export function toPage(asked: { readonly first?: number | null; readonly after?: string | null }) {
  const first = asked.first ?? 25;
  if (first < 0 || first > maxEntries) throw new HubError('BAD_USER_INPUT', `first: 0 to ${maxEntries}`);
  return { first, after: asked.after ?? null };
}

/** A Relay connection. Its end may lie behind its last edge: the page was looked through as far as that. */
export function toConnection<Node>(
  edges: readonly { readonly cursor: string; readonly node: Node }[],
  next: string | null,
  after: string | null,
) {
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: next !== null,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: next ?? edges.at(-1)?.cursor ?? null,
    },
  };
}
