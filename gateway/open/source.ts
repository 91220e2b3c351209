import type { GraphQLDataSource } from '@apollo/gateway';
import type { Agent } from 'undici';
import { fetchSubgraph } from '../dispatch/fetch-subgraph.ts';
import { distinctRepresentations } from '../dispatch/representations.ts';

const deadlineMs = 30_000;

/** Creates the data source of a subgraph for the open wiring: without an assertion, and with its errors unchanged. */
export function createOpenSource(name: string, url: string | null, agent: Agent): GraphQLDataSource {
  return {
    process: async ({ request }) => {
      if (url === null) throw new Error(`${name}: expected a loopback URL in the supergraph`);
      const distinct = distinctRepresentations(request.variables ?? {});
      const body = JSON.stringify({ query: request.query, variables: distinct.variables });
      const answer = await fetchSubgraph(url, body, {}, deadlineMs, agent);
      return { data: distinct.expand(answer.data) as never, errors: answer.errors as never };
    },
  };
}
