import {
  type DocumentNode,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  type VariableDefinitionNode,
  validate,
} from 'graphql';
import { errorTable, HubError, type HubErrorCode } from '../../schema/errors.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { SharedWork } from '../../schema/runtime/shared-work.ts';
import { limitDocument } from '../budget/document-size.ts';
import { measureOperation } from '../budget/operation-size.ts';
import { introspect } from '../introspection/introspect.ts';
import { splitIntrospection } from '../introspection/split.ts';
import { splitDeferred } from '../plan/deferred-document.ts';
import type { PartError, PlanRun } from '../plan/execute.ts';
import type { Planner, Prepared } from '../plan/planner.ts';
import { isSubscription, onlyOperation } from '../request/operation.ts';
import { incrementalParts, lastPart, mayBeParted } from '../shape/incremental.ts';
import type { Written } from '../shape/writer.ts';
import { maxTokens } from '../http/document-store.ts';
import type { OpenSource } from './source.ts';

type Variables = Readonly<Record<string, unknown>>;

/** A GraphQL request, as GraphQL over HTTP defines it. */
export type Parameters = {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Variables;
  /** True for a GET request: it may not execute a mutation. */
  readonly isSafe: boolean;
  /** True if the client takes deferred fragments in later parts. */
  readonly takesParts: boolean;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
};

/** The response to a request: its HTTP status, and its JSON text. */
export type Answer = {
  readonly status: number;
  readonly text: string;
  /** The encoded text of an answer that several requests may share: it is encoded once. */
  bytes?: Buffer;
  /** The texts of further parts, if fragments are deferred. */
  readonly later?: AsyncIterable<string>;
};

/** The limits of one operation, with fragments expanded. */
export type Limits = { readonly selections: number; readonly depth: number; readonly rootFields: number };

/** An operation that was parsed, validated and planned. */
type Ready = {
  readonly isChange: boolean;
  readonly definitions: readonly VariableDefinitionNode[];
  readonly schema: DocumentNode | null;
  readonly data: Prepared | null;
  readonly document: DocumentNode | null;
  readonly key: string;
  readonly order: readonly string[];
};

const kept = { bytes: 64_000_000, timesText: 20 };

/** The function by which a plan asks the subgraphs, and the signal that says that its client has left. */
type Asking = Pick<PlanRun, 'ask' | 'signal'>;

/**
 * Creates the function that answers requests over any supergraph, without a reader and a policy. With `shares`, identical
 * queries that are in progress together are executed once. A query ends when every client that waits for it has left; a
 * mutation runs to its end.
 */
export function createAnswer(
  planner: Planner,
  sources: ReadonlyMap<string, OpenSource>,
  limits: Limits,
  shares = false,
): (asked: Parameters) => Promise<Answer> {
  const known = new ByteCache<Ready>(kept.bytes);
  const inProgress = new SharedWork<Answer>();
  const askUntil = (signal: AbortSignal | null): Asking => ({
    signal,
    ask: async (query) => {
      const source = sources.get(query.fetch.subgraph);
      if (source === undefined) throw new Error(`expected a source for ${query.fetch.subgraph}, got none`);
      return await source(query, signal);
    },
  });
  return async (asked) => {
    try {
      const key = `${asked.operationName ?? ''} ${asked.query}`;
      let ready = known.get(key);
      if (ready === undefined) {
        ready = await readyOperation(asked, planner, limits);
        known.set(key, ready, asked.query.length * kept.timesText + (ready.data?.bytes ?? 0));
      }
      const prepared = ready;
      const asking = askUntil(prepared.isChange ? null : asked.signal);
      const deferred = asked.takesParts ? await deferredAnswer(prepared, asked, planner, asking) : null;
      if (deferred !== null) return deferred;
      if (!shares || prepared.isChange) return await run(prepared, asked, planner.schema, asking);
      const answer = async (signal: AbortSignal) =>
        await run(prepared, asked, planner.schema, askUntil(signal));
      return await inProgress.run(`${key} ${JSON.stringify(asked.variables)}`, asked.signal, answer);
    } catch (error) {
      return answerError(error);
    }
  };
}

async function readyOperation(
  { query, operationName }: Parameters,
  planner: Planner,
  limits: Limits,
): Promise<Ready> {
  const document = parse(query, { maxTokens });
  limitDocument(document);
  const errors = validate(planner.schema, document, undefined, { maxErrors: 20 });
  if (errors.length > 0) throw new Rejected('GRAPHQL_VALIDATION_FAILED', errors);
  const operation = onlyOperation(document, operationName, planner.schema);
  if (isSubscription({ document: operation, operationName })) throw new Rejected('BAD_REQUEST', [noStream()]);
  limit(operation, limits);
  const split = splitIntrospection(operation);
  const key = `${operationName ?? ''} ${query}`;
  const chosen = getOperationAST(operation);
  return {
    isChange: chosen?.operation === OperationTypeNode.MUTATION,
    definitions: chosen?.variableDefinitions ?? [],
    schema: split.schema,
    data: split.data === null ? null : await planner.prepare(key, split.data),
    document: split.data,
    key,
    order: split.order,
  };
}

function noStream(): GraphQLError {
  return new GraphQLError(
    'The open server answers queries and mutations only, got a subscription: send a query.',
  );
}

/** Throws OPERATION_TOO_LARGE with the limit in its message. */
function limit(document: DocumentNode, { selections, depth, rootFields }: Limits): void {
  const size = measureOperation(document);
  const got = { selections: size.selections, depth: size.depth, rootFields: size.fields };
  const most = { selections, depth, rootFields };
  for (const name of ['selections', 'depth', 'rootFields'] as const) {
    if (got[name] > most[name])
      throw new HubError(
        'OPERATION_TOO_LARGE',
        `expected at most ${most[name]} ${name}, got ${got[name]}: split the operation, or start with a higher limit`,
      );
  }
}

async function run(ready: Ready, asked: Parameters, schema: GraphQLSchema, asking: Asking): Promise<Answer> {
  if (ready.isChange && asked.isSafe) throw new HubError('METHOD_NOT_ALLOWED');
  const coerced = coerce(ready.definitions, asked.variables, schema);
  const shown = ready.schema === null ? null : introspect(ready.schema, schema, asked.variables);
  if (ready.data === null) return { status: 200, text: `{"data":${JSON.stringify(shown)}}` };
  const variables = { given: asked.variables, coerced };
  const joined = await ready.data.run({ ...asking, variables });
  const written = ready.data.write(joined.data, coerced);
  const text = shown === null ? written.text : joinInOrder(shown, written.text, ready.order);
  return answerData({ ...written, text }, joined.errors);
}

/** Answers a query with deferred fragments in parts. Null if it defers nothing, or asks for the schema too. */
async function deferredAnswer(
  { document, schema, definitions, key }: Ready,
  { variables: given }: Parameters,
  planner: Planner,
  asking: Asking,
): Promise<Answer | null> {
  if (document === null || schema !== null) return null;
  const coerced = coerce(definitions, given, planner.schema);
  const deferred = splitDeferred(document, coerced);
  if (deferred === null) return null;
  const { run: start, writeFirst, writeWhole, fragments } = await planner.prepareDeferred(key, deferred);
  const { first, later } = await start({ ...asking, variables: { given, coerced } });
  const { text, missing } = writeFirst(first.data, coerced);
  if (!mayBeParted(fragments, JSON.parse(text))) {
    const joined = await later(asking.ask);
    const whole = writeWhole(joined.data, coerced);
    return answerData(whole, [...first.errors, ...joined.errors]);
  }
  const errors = first.errors.length > 0 ? first.errors : missing.map(toError);
  const shown = errors.length === 0 ? '' : `"errors":${JSON.stringify(errors)},`;
  async function* parts(): AsyncIterable<string> {
    const joined = await later(asking.ask);
    const incremental = incrementalParts(fragments, joined.data, coerced);
    yield JSON.stringify(lastPart(incremental, joined.errors));
  }
  return { status: 200, text: `{${shown}"data":${text},"hasNext":true}`, later: parts() };
}

/** Returns the answer with written data. Its errors explain a null; otherwise each missing value is one. */
function answerData({ text, missing }: Written, reported: readonly PartError[]): Answer {
  const errors = reported.length > 0 ? reported : missing.map(toError);
  if (errors.length === 0) return { status: 200, text: `{"data":${text}}` };
  return { status: 200, text: `{"errors":${JSON.stringify(errors)},"data":${text}}` };
}

function coerce(
  definitions: readonly VariableDefinitionNode[],
  variables: Variables,
  schema: GraphQLSchema,
): Variables {
  if (definitions.length === 0) return {};
  const { coerced, errors } = getVariableValues(schema, definitions, variables, { maxErrors: 20 });
  if (coerced === undefined) throw new Rejected('BAD_USER_INPUT', errors);
  return coerced;
}

function toError({ field, path }: { readonly field: string; readonly path: PartError['path'] }): PartError {
  return { message: `Cannot return null for non-nullable field ${field}.`, path };
}

/** Returns the data in the requested order of its root fields, those of the schema among them. */
function joinInOrder(
  shown: Readonly<Record<string, unknown>>,
  text: string,
  order: readonly string[],
): string {
  const data = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  if (data === null) return 'null';
  const keys = order.filter((key) => key in shown || key in data);
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, key in shown ? shown[key] : data[key]])));
}

/** A request that is rejected with the errors of graphql-js. */
class Rejected extends Error {
  readonly code: HubErrorCode;
  readonly errors: readonly GraphQLError[];

  constructor(code: HubErrorCode, errors: readonly GraphQLError[]) {
    super(errors[0]?.message);
    this.code = code;
    this.errors = errors;
  }
}

/** Returns the response to a request that was not executed. */
export function answerError(error: unknown): Answer {
  if (error instanceof Rejected)
    return answerErrors(
      error.code,
      error.errors.map((one) => one.toJSON()),
    );
  if (error instanceof GraphQLError) return answerErrors('GRAPHQL_PARSE_FAILED', [error.toJSON()]);
  const code = error instanceof HubError ? error.code : 'INTERNAL';
  const reason = error instanceof Error && error.message !== code ? `${error.message}. ` : '';
  return answerErrors(code, [{ message: `${reason}${errorTable[code].message}` }]);
}

function answerErrors(code: HubErrorCode, errors: readonly object[]): Answer {
  const { status } = errorTable[code];
  const coded = errors.map((error) => ({ ...error, extensions: { code } }));
  return { status: status === 200 ? 400 : status, text: JSON.stringify({ errors: coded }) };
}
