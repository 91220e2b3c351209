import { type GraphQLSchema, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import { isHubErrorCode } from '../../schema/errors.ts';
import { isShareable } from '../../schema/protocol/shareable.ts';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import type { PartAnswer, PartQuery } from '../plan/execute.ts';
import type { InProgress } from './answer-size.ts';
import type { AskSubgraph } from './ask-subgraph.ts';
import { type AskedQuery, createReader } from './asked.ts';
import { checkAnswer } from './check-answer.ts';
import type { Collected, Execution } from './collected.ts';
import { readDisclosures } from './disclosures.ts';
import { joinedAt, notePlaces, placesOfErrors, placesOfQuery } from './error-places.ts';
import type { SubgraphResponse } from './fetch-subgraph.ts';
import { PartUnavailable } from './part-unavailable.ts';
import { bodyOf } from './query-body.ts';
import type { PartWork, Shelter } from './shelter.ts';

/** Codes about the reader's own input: the only ones that a subgraph may pass on to the reader. */
const passedOn = ['BAD_CURSOR', 'BAD_USER_INPUT'];

/** Asks one subgraph in one execution. Its errors are collected there, and none is in the answer. */
export type PartSource = (query: PartQuery, execution: Execution) => Promise<PartAnswer>;

/**
 * Creates the source of one community's data. A subgraph that hangs, floods, lies or fails costs its own data only: it is
 * collected as failed, and its data is null. No text of it reaches the reader. `schema` is the graph's schema, by which
 * the answers are checked. `shelter` limits the queries, and stops them while the community keeps failing.
 */
export function createSource(
  community: string,
  ask: AskSubgraph,
  schema: GraphQLSchema,
  shelter: Shelter,
  log: Logger,
): PartSource {
  const inProgress: InProgress = { bytes: 0 };
  const read = createReader(() => schema);
  return async (query, { request, collected }) => {
    try {
      const asked = read(query.fetch.query);
      const body = bodyOf(asked.json, query);
      const mayRepeat = query.fetch.operation === OperationTypeNode.QUERY;
      const askOnce: PartWork<PartAnswer> = async (context) => {
        const size = shelter.limit(collected.sizes.start(community, inProgress));
        const reading = { size, signal: request.signal };
        const work = async () => await ask(body, context, reading);
        const answer = await request.observed.run('subgraph', work, community);
        const data = takeAnswer(answer, asked, query, community, collected);
        collectErrors(community, answer, query, collected);
        return { data, errors: [] };
      };
      return await shelter.run(request, askOnce, { mayRepeat });
    } catch (error) {
      collected.failedSubgraphs.add(community);
      notePlaces(collected, community, placesOfQuery(query.fetch.query, joinedAt(query)));
      const { correlationId } = request;
      // While a subgraph is not asked, a line for each query would fill the log. The audit entry names the part.
      const level = error instanceof PartUnavailable ? 'debug' : 'warn';
      log[level]({ part: community, correlationId, error }, 'a subgraph failed');
      return { data: null, errors: [] };
    }
  };
}

/** Checks a whole answer and collects from it. Throws before it collects anything if any of it is wrong. */
function takeAnswer(
  answer: SubgraphResponse,
  asked: AskedQuery,
  { represented }: PartQuery,
  community: string,
  collected: Collected,
): Record<string, unknown> | null {
  const disclosed = readDisclosures(answer.disclosed, community);
  const types = new Map(represented.map(({ lookup, types: sent }) => [lookup.key, sent]));
  const { data, rows } = checkAnswer(answer.data, asked, types);
  checkDisclosed(rows, disclosed);
  collected.room.take(community, disclosed);
  if (!answer.isShareable || !isShareable(disclosed, 'AMBER_STRICT')) collected.unshared.add(community);
  for (const one of disclosed) collected.disclosed.push(one);
  return data;
}

/**
 * Throws if a record is in the data whose disclosure is not reported: the audit log would not have it. A count, or
 * the end of a record, does not disclose the record.
 */
function checkDisclosed(rows: ReadonlyMap<string, string>, disclosed: readonly RecordedDisclosure[]): void {
  const whole = disclosed.filter(({ count, gone }) => count === undefined && gone !== true);
  const reported = new Map(whole.map(({ id, type }) => [id, type]));
  for (const [id, type] of rows) {
    if (reported.get(id) !== type)
      throw new Error(`expected the disclosure of every record, got none of ${id.slice(0, 100)}`);
  }
}

function collectErrors(
  community: string,
  answer: SubgraphResponse,
  query: PartQuery,
  collected: Collected,
): void {
  const placesOf = placesOfErrors(query.fetch.query, joinedAt(query));
  for (const error of answer.errors) {
    const { extensions, path } = (error ?? {}) as { extensions?: { code?: unknown }; path?: unknown };
    const code = extensions?.code;
    const isPassedOn = isHubErrorCode(code) && passedOn.includes(code);
    if (isPassedOn) collected.errorCodes.add(code);
    else collected.failedSubgraphs.add(community);
    notePlaces(collected, isPassedOn ? code : community, placesOf(path));
  }
}
