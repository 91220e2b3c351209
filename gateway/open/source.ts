import type { GraphQLDataSource } from '@apollo/gateway';
import type { Agent } from 'undici';
import { AnswerSizes } from '../dispatch/answer-size.ts';
import { fetchSubgraph } from '../dispatch/fetch-subgraph.ts';
import { distinctRepresentations } from '../dispatch/representations.ts';

const deadlineMs = 30_000;

/** Creates the data source of a subgraph for the open wiring: without an assertion, and with its errors unchanged. */
export function createOpenSource(name: string, url: string | null, agent: Agent): GraphQLDataSource {
  const inProgress = { bytes: 0 };
  return {
    process: async ({ request }) => {
      const sizes = new AnswerSizes();
      if (url === null) throw new Error(`${name}: expected a loopback URL in the supergraph`);
      const distinct = distinctRepresentations(request.variables ?? {});
      const body = JSON.stringify({ query: request.query, variables: distinct.variables });
      const size = sizes.start(name, inProgress);
      const reading = { size, signal: new AbortController().signal };
      const answer = await fetchSubgraph(url, body, {}, deadlineMs, agent, reading).finally(() =>
        sizes.end(),
      );
      return { data: distinct.expand(answer.data) as never, errors: answer.errors as never };
    },
  };
}
