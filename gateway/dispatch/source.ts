import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { Logger } from 'pino';
import { isHubErrorCode } from '../../schema/errors.ts';
import type { AskSubgraph } from './ask-subgraph.ts';
import type { Collected, Execution } from './collected.ts';
import { readDisclosures } from './disclosures.ts';
import { joinedAt, notePlaces, placeOfError, placesOfQuery } from './error-places.ts';
import type { SubgraphResponse } from './fetch-subgraph.ts';
import { pruneAnswer } from './prune.ts';
import { distinctRepresentations } from './representations.ts';

/** Codes about the reader's own input: the only ones that a subgraph may pass on to the reader. */
const passedOn = ['BAD_CURSOR', 'BAD_USER_INPUT'];

/**
 * Creates the data source of one community for the planner's executor. A subgraph that hangs, floods, lies or fails
 * costs its own data only: it is collected as failed, and its data is null. No text of it reaches the reader.
 */
export function createSource(community: string, ask: AskSubgraph, log: Logger): GraphQLDataSource {
  return {
    process: async (options: GraphQLDataSourceProcessOptions) => {
      const { request, collected } = options.context as Execution;
      const distinct = distinctRepresentations(options.request.variables ?? {});
      const query = options.request.query ?? '';
      const body = JSON.stringify({ query, variables: distinct.variables });
      try {
        const answer = await ask(body, request);
        const data = pruneAnswer(answer.data, query, distinct.variables);
        collected.disclosed.push(...readDisclosures(answer.disclosed, community));
        collectErrors(community, answer, options, collected);
        return { data: distinct.expand(data) as never };
      } catch (error) {
        collected.failedSubgraphs.add(community);
        notePlaces(collected, community, placesOfQuery(query, joinedAt(options)));
        const { correlationId } = request;
        log.warn({ part: community, correlationId, error: String(error) }, 'a subgraph failed');
        return { data: null as never };
      }
    },
  };
}

function collectErrors(
  community: string,
  answer: SubgraphResponse,
  options: GraphQLDataSourceProcessOptions,
  collected: Collected,
): void {
  for (const error of answer.errors) {
    const { extensions, path } = (error ?? {}) as { extensions?: { code?: unknown }; path?: unknown };
    const code = extensions?.code;
    const isPassedOn = isHubErrorCode(code) && passedOn.includes(code);
    if (isPassedOn) collected.errorCodes.add(code);
    else collected.failedSubgraphs.add(community);
    const place = placeOfError(path, joinedAt(options));
    if (place !== null) notePlaces(collected, isPassedOn ? code : community, [place]);
  }
}
