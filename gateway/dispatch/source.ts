import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { Logger } from 'pino';
import { isHubErrorCode } from '../../schema/errors.ts';
import type { RequestContext } from '../request/context.ts';
import type { AskPart } from './ask-part.ts';
import { readDisclosures } from './disclosures.ts';
import type { PartAnswer } from './fetch-part.ts';
import { pruneAnswer } from './prune.ts';
import { distinctRepresentations } from './representations.ts';

/** Codes that a part may pass on to the reader: constants of the closed table, about the reader's own input. */
const passedOn = ['BAD_CURSOR', 'BAD_USER_INPUT'];

/**
 * One community as the planner's executor sees it. Whatever it does (hang, flood, lie, fail) costs its own part:
 * the part is noted as lost and its data is null; nothing it says reaches the reader but codes of the table.
 */
export function createSource(part: string, ask: AskPart, log: Logger): GraphQLDataSource {
  return {
    process: async (options: GraphQLDataSourceProcessOptions) => {
      const context = options.context as RequestContext;
      const distinct = distinctRepresentations(options.request.variables ?? {});
      const query = options.request.query ?? '';
      const body = JSON.stringify({ query, variables: distinct.variables });
      try {
        const answer = await ask(body, context);
        const data = pruneAnswer(answer.data, query, distinct.variables);
        context.disclosed.push(...readDisclosures(answer.disclosed, part));
        noteErrors(part, answer, context);
        return { data: distinct.expand(data) as never };
      } catch (error) {
        context.lost.add(part);
        log.warn({ part, correlationId: context.correlationId, error: String(error) }, 'a part is lost');
        return { data: null as never };
      }
    },
  };
}

function noteErrors(part: string, answer: PartAnswer, context: RequestContext): void {
  for (const error of answer.errors) {
    const code = (error as { extensions?: { code?: unknown } } | null)?.extensions?.code;
    if (isHubErrorCode(code) && passedOn.includes(code)) context.told.add(code);
    else context.lost.add(part);
  }
}
