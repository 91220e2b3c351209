import type { Agent } from 'undici';
import { AnswerSizes } from '../dispatch/answer-size.ts';
import { fetchSubgraph } from '../dispatch/fetch-subgraph.ts';
import { bodyOf } from '../dispatch/query-body.ts';
import type { PartAnswer, PartError, PartQuery } from '../plan/execute.ts';

const deadlineMs = 30_000;
const failed = 'SUBREQUEST_HTTP_ERROR';

/** Asks one subgraph until `signal` is aborted: the client has left. Null if the query runs to its end. */
export type OpenSource = (query: PartQuery, signal: AbortSignal | null) => Promise<PartAnswer>;

/**
 * Creates the source of a subgraph for the open server: without an assertion, and with the subgraph's errors. A subgraph
 * that gives no answer is named in the error; `report` gets a line with its URL and the reason.
 */
export function createOpenSource(
  name: string,
  url: string | null,
  agent: Agent,
  report: (line: string) => void,
): OpenSource {
  const inProgress = { bytes: 0 };
  return async (query, signal) => {
    if (url === null) return lost(name, 'its URL is not a loopback address: give one by --subgraph');
    const sizes = new AnswerSizes();
    try {
      const reading = { size: sizes.start(name, inProgress), signal };
      const body = bodyOf(JSON.stringify(query.fetch.query), query);
      const { data, errors } = await fetchSubgraph(url, body, {}, deadlineMs, agent, reading);
      return {
        data,
        errors: errors.map((error) => toError(error, name)),
      };
    } catch (error) {
      // The subgraph did not fail if the client left.
      if (signal?.aborted !== true) report(`${name}: ${url} failed: ${reasonOf(error)}\n`);
      return lost(name, reasonOf(error));
    } finally {
      sizes.end();
    }
  };
}

function lost(name: string, reason: string): PartAnswer {
  const message = `the subgraph ${name} failed: ${reason}`;
  return { data: null, errors: [{ message, extensions: { code: failed, serviceName: name } }] };
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: unknown };
  const text =
    message === undefined || message === '' ? String((error as { code?: unknown }).code ?? error) : message;
  return cause instanceof Error ? `${text} (${cause.message})` : text;
}

/** Returns an error of a subgraph as it is passed on, whatever it sent. */
function toError(error: unknown, name: string): PartError {
  const { message, path, extensions } = (error ?? {}) as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : 'the subgraph reports an error without a message',
    path: Array.isArray(path) ? path.filter((key) => ['string', 'number'].includes(typeof key)) : undefined,
    extensions: {
      code: 'DOWNSTREAM_SERVICE_ERROR',
      ...(typeof extensions === 'object' ? extensions : {}),
      serviceName: name,
    },
  };
}
