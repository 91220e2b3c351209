import { HubError } from '../../schema/errors.ts';
import type { AccessLog } from '../audit/log.ts';
import type { Execution } from '../dispatch/collected.ts';
import type { Allowance } from './allowance.ts';

/** The context of the fields that read the audit log. */
export type LogContext = Execution & { readonly log: AccessLog; readonly allowance: Allowance };

const maxEntries = 100;

/** Returns the page to read: 25 entries by default, 100 at most. Throws BAD_USER_INPUT. */
export function toPage(asked: { readonly first?: number | null; readonly after?: string | null }) {
  const first = asked.first ?? 25;
  if (first < 0 || first > maxEntries)
    throw new HubError('BAD_USER_INPUT', `first: expected 0 to ${maxEntries}, got ${first}`);
  return { first, after: asked.after ?? null };
}

/** Returns a Relay connection. `endCursor` may be behind the last edge if the page left entries out. */
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
