import type { Request, RequestHandler } from 'express';
import {
  type DefinitionNode,
  type DocumentNode,
  execute,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { Logger } from 'pino';
import { errorTable, HubError, type HubErrorCode, isHubErrorCode } from '../../../schema/errors.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { ByteCache } from '../../../schema/runtime/byte-cache.ts';
import type { CommunityPart } from './community.ts';
import { hubErrorOf } from '../read/connection.ts';
import type { Context } from './context.ts';
import { buildCommunitySchema } from './schema.ts';

/** Parsed queries of one policy: the hub plans few different ones. Estimated as 80 times their text. */
const documents = { bytes: 16_000_000, perCharacter: 80 };

/**
 * Runs operations on the community's guarded schema. The schema is built for one policy; a new policy gets a new
 * executor. A request that began under the previous policy ends under it.
 */
export class Executors {
  readonly #community: CommunityPart;
  readonly #contextOf: (request: Request) => Context;
  readonly #log: Logger;
  #current: { readonly policy: Policy; readonly handle: RequestHandler } | null = null;

  constructor(community: CommunityPart, contextOf: (request: Request) => Context, log: Logger) {
    this.#community = community;
    this.#contextOf = contextOf;
    this.#log = log;
  }

  /** The request handler for a policy. Built at the policy's first request. */
  under(policy: Policy): RequestHandler {
    if (this.#current?.policy !== policy) this.#current = { policy, handle: this.#make(policy) };
    return this.#current.handle;
  }

  #make(policy: Policy): RequestHandler {
    const schema = buildCommunitySchema(this.#community, policy);
    const prepared = new ByteCache<Prepared>(documents.bytes, 'queries');
    return async (request, response) => {
      const context = this.#contextOf(request);
      const result = await run(request.body, schema, prepared, context);
      const { data, errors } = result;
      // The hub writes the disclosed rows and counts to the audit log before it answers.
      const body = JSON.stringify({
        data,
        ...(errors !== undefined && { errors: errors.map((error) => toConstant(error, this.#log)) }),
        extensions: { disclosed: context.loaders.disclosed(), shareable: context.loaders.isShareable() },
      });
      response.statusCode = data === undefined ? 400 : 200;
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.end(body);
    };
  }
}

/** A parsed and valid query, or why it is neither. */
type Prepared = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

/** Runs the operation of a request's body. Errors without data say that it did not start. */
async function run(
  body: unknown,
  schema: GraphQLSchema,
  prepared: ByteCache<Prepared>,
  contextValue: Context,
): Promise<ExecutionResult> {
  const asked = readRequest(body);
  if (asked === null) return { errors: [withCode('BAD_REQUEST', 'expected a GraphQL request')] };
  const { query, variables, operationName } = asked;
  const known = prepared.get(query) ?? prepare(query, schema);
  prepared.set(query, known, documents.perCharacter * query.length);
  if ('errors' in known) return { errors: known.errors };
  const { document } = known;
  if (contextValue.assertion.delivery === 'subscription' && document.definitions.some(isMutation))
    return { errors: [withCode('REFUSED', 'an event is read by a query')] };
  return await execute({ schema, document, contextValue, variableValues: variables, operationName });
}

type GraphqlRequest = {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | null;
  readonly operationName: string | null;
};

/** Returns the request in a body; null if the body has no GraphQL request. The hub sends no batches. */
function readRequest(body: unknown): GraphqlRequest | null {
  if (!isObject(body)) return null;
  const { query, variables = null, operationName = null } = body;
  const isValid =
    typeof query === 'string' &&
    (variables === null || isObject(variables)) &&
    (operationName === null || typeof operationName === 'string');
  return isValid ? { query, variables, operationName } : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses and validates a query. Introspection is invalid: the hub has the schema in its supergraph. */
function prepare(query: string, schema: GraphQLSchema): Prepared {
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch (error) {
    return { errors: [withCode('GRAPHQL_PARSE_FAILED', String(error))] };
  }
  if (document.definitions.some(isSubscription)) return { errors: [withCode('REFUSED', noStream)] };
  const faults = validate(schema, document, [...specifiedRules, NoSchemaIntrospectionCustomRule]);
  if (faults.length === 0) return { document };
  return { errors: faults.map(({ message }) => withCode('GRAPHQL_VALIDATION_FAILED', message)) };
}

/** graphql-js executes a subscription like a query, and its root field would then be asked for a record. */
function isSubscription(one: DefinitionNode): boolean {
  return one.kind === Kind.OPERATION_DEFINITION && one.operation === OperationTypeNode.SUBSCRIPTION;
}

function isMutation(one: DefinitionNode): boolean {
  return one.kind === Kind.OPERATION_DEFINITION && one.operation === OperationTypeNode.MUTATION;
}

const noStream = 'expected a query or a mutation: the changes of the store are at /changes';

function withCode(code: HubErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { originalError: new HubError(code, message) });
}

/** Replaces an error by a code of the closed table and its constant message. The exception's message is only logged. */
function toConstant(
  error: GraphQLError,
  log: Logger,
): { readonly message: string; readonly extensions: object } {
  const found =
    hubErrorOf(error)?.code ?? (isOfVariable(error) ? 'BAD_USER_INPUT' : error.extensions['code']);
  const code = isHubErrorCode(found) ? found : 'INTERNAL';
  if (code === 'INTERNAL') log.error({ error }, 'an operation failed');
  return { message: errorTable[code].message, extensions: { code } };
}

/** Whether graphql-js could not coerce a variable. It gives such errors no code. */
function isOfVariable({ nodes, message }: GraphQLError): boolean {
  return (
    nodes?.length === 1 && nodes[0]?.kind === Kind.VARIABLE_DEFINITION && message.startsWith('Variable "$')
  );
}
