import type { GraphQLDataSource } from '@apollo/gateway';
import type { Agent } from 'undici';
import { fetchPart } from '../dispatch/fetch-part.ts';
import { distinctRepresentations } from '../dispatch/representations.ts';

const deadlineMs = 30_000;

/** A subgraph of the open wiring: asked plainly, its errors passed on as they are. */
export function createOpenSource(part: string, url: string | null, agent: Agent): GraphQLDataSource {
  return {
    process: async ({ request }) => {
      if (url === null) throw new Error(`${part} has no loopback address`);
      const distinct = distinctRepresentations(request.variables ?? {});
      const body = JSON.stringify({ query: request.query, variables: distinct.variables });
      const answer = await fetchPart(url, body, {}, deadlineMs, agent);
      return { data: distinct.expand(answer.data) as never, errors: answer.errors as never };
    },
  };
}
