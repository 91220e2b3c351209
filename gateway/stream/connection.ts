import { randomUUID } from 'node:crypto';
import { type ExecutionArgs, GraphQLError, type GraphQLSchema } from 'graphql';
import { type Context, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { Logger } from 'pino';
import { HubError } from '../../schema/errors.ts';
import type { Attempts } from '../audit/attempts.ts';
import type { Charge } from '../budget/charge.ts';
import type { LargeRequests } from '../budget/large-requests.ts';
import { type FormattedResult, withConstantErrors } from '../http/constant-errors.ts';
import { createContext, type Readers } from '../http/context-middleware.ts';
import type { Load } from '../http/load.ts';
import { checkDepth } from '../http/request-body.ts';
import { constantError, toGraphQLError } from '../request/errors.ts';
import { Observed } from '../observe/observed.ts';
import { observeOperation } from '../observe/observe-operation.ts';
import type { Observer } from '../observe/observer.ts';
import type { Choose } from '../persisted/open-operations.ts';
import type { AskedDocument } from '../persisted/operations.ts';
import type { RequestContext } from '../request/context.ts';
import type { Parse } from '../request/parse.ts';
import { ConnectionCounts } from './connection-counts.ts';
import { type Events, isEvents, type Run, withEach } from './run.ts';

/** The parts of the hub that a connection uses. */
export type ConnectionParts = {
  readonly readers: Readers;
  /** Finds the text of a registered operation, or refuses the document. Null if there are none. */
  readonly choose: Choose | null;
  readonly parse: Parse;
  readonly run: Run;
  readonly charge: Charge['request'];
  readonly large: LargeRequests;
  readonly load: Load;
  readonly attempts: Pick<Attempts, 'count'>;
  readonly observer: Pick<Observer, 'run' | 'ended' | 'trace' | 'traceHeaders' | 'note'>;
  readonly schema: () => GraphQLSchema;
  readonly log: Logger;
};

/** The state of one connection. */
export type Connection = {
  /** The `authorization` of the upgrade request. One in `connection_init` replaces it. */
  authorization: string | undefined;
  /** Ends the connection once its token has expired. */
  expiry: NodeJS.Timeout | undefined;
  /** The number of operations in progress. An open subscription is one of them. */
  operations: number;
  /** Removes the connection from the count of its reader. */
  leave: () => void;
  readonly gone: AbortController;
  readonly close: (code: number, reason: string) => void;
};

/** Close codes of the hub itself: the reader has too many connections, or the hub cannot identify readers now. */
const tooMany = { code: 4429, reason: 'Too many connections of this reader' };
const tryAgain = { code: 1013, reason: 'Try again later' };
/** The time that a client has to send `connection_init`. */
const initMs = 5000;
const maxOperations = 100;
const maxIdLength = 200;
/** The maximum of `setTimeout`, about 25 days. No token lives as long. */
const maxTimeoutMs = 2 ** 31 - 1;

/** The context of a message, before its reader is identified. */
type MessageContext = Pick<RequestContext, 'correlationId' | 'signal' | 'setHeaders'>;
type Extra = Connection & Record<PropertyKey, unknown>;
type Ctx = Context<Record<string, unknown> | undefined, Extra>;

/**
 * Creates the protocol `graphql-transport-ws`. A connection is for one reader: its token comes in `connection_init` or in
 * the header of the upgrade. Every operation is identified, limited, charged and decided as a request by POST.
 */
export function createProtocol(parts: ConnectionParts): Server<Extra> {
  const counts = new ConnectionCounts();
  return makeServer<Record<string, unknown> | undefined, Extra>({
    connectionInitWaitTimeout: initMs,
    onConnect: async ({ extra, connectionParams }) => await connect(extra, connectionParams, parts, counts),
    onSubscribe: async ({ extra }, id, payload) => await start(extra, id, payload, parts),
    execute: ({ contextValue }) => contextValue as never,
    subscribe: ({ contextValue }) => contextValue as never,
    // The results have constant errors already, without the methods that the protocol's own printing needs.
    onNext: (_ctx: Ctx, _id, _payload, _args, result) => result as never,
    onClose: ({ extra }) => {
      clearTimeout(extra.expiry);
      extra.leave();
      extra.gone.abort();
    },
  });
}

/** Identifies the reader of a connection. False closes it with 4403, so that a client can renew its token. */
async function connect(
  connection: Connection,
  parameters: Readonly<Record<string, unknown>> | undefined,
  { readers, attempts, load }: ConnectionParts,
  counts: ConnectionCounts,
): Promise<boolean> {
  const stated = parameters?.['authorization'] ?? parameters?.['Authorization'];
  if (typeof stated === 'string') connection.authorization = stated;
  try {
    if (load.state() !== 'ready') throw new HubError('OVERLOADED');
    const { reader, expiresAt } = await createContext(readers, connection.authorization, {
      ...contextOfMessage(connection),
      observed: new Observed(),
    });
    const leave = counts.enter(reader.subject);
    if (leave === null) connection.close(tooMany.code, tooMany.reason);
    connection.leave = leave ?? connection.leave;
    if (connection.gone.signal.aborted) {
      connection.leave();
      return false;
    }
    const left = Math.min(maxTimeoutMs, Math.max(0, expiresAt.getTime() - Date.now()) + 1000);
    connection.expiry = setTimeout(() => connection.close(4403, 'Forbidden'), left).unref();
    return true;
  } catch (error) {
    const code = error instanceof HubError ? error.code : 'INTERNAL';
    attempts.count(code, null);
    if (code === 'UNAUTHENTICATED') return false;
    connection.close(tryAgain.code, tryAgain.reason);
    return true;
  }
}

/** Runs an operation, and observes it until its last result. */
async function start(
  connection: Connection,
  id: string,
  payload: SubscribePayload,
  parts: ConnectionParts,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  const request = contextOfMessage(connection);
  const operation = observeOperation(parts.observer, request.correlationId);
  const ended = (hasData: boolean) => operation.end({ hasData, isWhole: !connection.gone.signal.aborted });
  const context = { ...request, observed: operation.observed };
  const result = await operation.within(
    async () => await runOperation(connection, { id, payload, context, ended: () => ended(true) }, parts),
  );
  const hasData = 'contextValue' in result;
  if (!hasData || !isEvents(result.contextValue as object)) ended(hasData);
  return result;
}

/** Returns the errors of an operation without data; otherwise the result is the value of the context. */
async function runOperation(
  connection: Connection,
  asked: {
    readonly id: string;
    readonly payload: SubscribePayload;
    readonly context: MessageContext & Pick<RequestContext, 'observed'>;
    /** Called once the events of a subscription end. */
    readonly ended: () => void;
  },
  parts: ConnectionParts,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  const { id, payload } = asked;
  const { query: text, variables, operationName, extensions } = payload;
  // The protocol demands a text: an empty one stands for none, with an id.
  const document: AskedDocument = { ...payload, query: text === '' ? undefined : text };
  // The protocol keeps the message until the operation ends.
  Object.assign(payload, { query: '', variables: undefined, extensions: undefined });
  const { leave, finish } = enter(connection, parts.load);
  let events: Events | null = null;
  let endTurn: (() => void) | undefined;
  try {
    if (id.length > maxIdLength) throw new HubError('BAD_REQUEST', 'id: expected at most 200 characters');
    if (connection.operations > maxOperations) throw new HubError('TOO_MANY_SUBSCRIPTIONS');
    if (finish === null) throw new HubError('OVERLOADED');
    const context = await createContext(parts.readers, connection.authorization, asked.context);
    const bytes = text.length + JSON.stringify(variables ?? {}).length;
    await parts.charge(bytes, context);
    endTurn = await parts.large.enter(bytes, context);
    checkDepth([variables, extensions]);
    const query = chooseText(document, context.observed, parts);
    const operation = parts.parse({ query, variables, operationName, extensions });
    const result = await parts.run(operation, { ...context, endTurn }, connection.authorization);
    if (isEvents(result)) {
      const ended = () => {
        leave();
        asked.ended();
      };
      events = withEach(result, () => undefined, ended);
    } else if (result.data === undefined) return errorsOf(result);
    const { document: parsed, operationName: name } = operation;
    return {
      schema: parts.schema(),
      document: parsed,
      operationName: name,
      contextValue: events ?? result,
    };
  } catch (error) {
    const known = error instanceof GraphQLError ? error : toGraphQLError(error, parts.log);
    parts.attempts.count(String(known.extensions['code']), null);
    parts.observer.note(asked.context.observed, undefined, [known]);
    return errorsOf(withConstantErrors({ errors: [known] }));
  } finally {
    endTurn?.();
    finish?.();
    if (events === null) leave();
  }
}

/** Returns the text to run. Throws as `chooseDocument` does; an operation without a text and an id has a syntax error. */
function chooseText(asked: AskedDocument, observed: Observed, { choose }: ConnectionParts): string {
  if (choose === null) return typeof asked.query === 'string' ? asked.query : '';
  const { text, registered } = choose(asked);
  observed.operation = registered?.name ?? null;
  return text ?? '';
}

/** Counts an operation for the connection and for the load of the hub. `finish` is null if the hub is overloaded. */
function enter(connection: Connection, load: Load) {
  connection.operations += 1;
  let isCounted = true;
  const leave = () => {
    if (isCounted) connection.operations -= 1;
    isCounted = false;
  };
  return { leave, finish: load.begin() };
}

/** Creates the context of a message. Header fields are dropped, because a message has none. */
function contextOfMessage({ gone }: Connection): MessageContext {
  return { correlationId: randomUUID(), signal: gone.signal, setHeaders: () => undefined };
}

/** Returns errors that the protocol prints as they are. */
function errorsOf({ errors = [] }: FormattedResult): readonly GraphQLError[] {
  return errors.map((one) => Object.assign(constantError('INTERNAL'), { toJSON: () => one }));
}
