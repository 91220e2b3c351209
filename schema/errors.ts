/**
 * All error codes that a client can get, with the HTTP statuses of a response without data, and constant messages. A
 * response with data has the status 200, whatever errors are in it (GraphQL over HTTP, section 6.4). A client never gets the text of
 * an exception; the log does.
 */
export const errorTable = {
  BAD_REQUEST: {
    status: 400,
    message: 'The request is not valid GraphQL over HTTP. Send POST with a JSON body that has a "query".',
  },
  GRAPHQL_PARSE_FAILED: {
    status: 400,
    message: 'The document has a GraphQL syntax error. Correct the document.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    status: 400,
    message: 'The document does not match the schema. Compare it with the published schema.',
  },
  OPERATION_RESOLUTION_FAILURE: {
    status: 400,
    message:
      'No operation is selected: the document has none with this operationName, or several and operationName is missing.',
  },
  BAD_USER_INPUT: {
    status: 400,
    message:
      'An argument or a variable has a value of the wrong type. Compare it with the schema. ' +
      'A DateTime has date, time and zone, such as 2026-01-31T00:00:00Z.',
  },
  // Apollo Client sends the text after this code.
  PERSISTED_QUERY_NOT_FOUND: {
    status: 404,
    message: 'No operation is registered under this id. Send its text, or ask the operators to register it.',
  },
  OPERATION_NOT_REGISTERED: {
    status: 400,
    message:
      'The hub answers registered operations only, and this one is not registered. ' +
      'Ask its operators to register the operation, then send its id.',
  },
  UNKNOWN_RECIPIENT: {
    status: 400,
    message:
      'An audience, a release or an onward share names a recipient that the registry does not have, so nothing was changed. ' +
      'Correct the names in extensions.unknown, or ask the operators of the hub to register them.',
  },
  TOO_MANY_GRANTS: {
    status: 400,
    message:
      'Too many releases to this organisation are in force or were proposed, so nothing was changed. ' +
      'Use the person and the end of an earlier release of the same kind, or wait until one ends.',
  },
  // A cursor is checked by the community, which leaves the other fields of the response as they are.
  BAD_CURSOR: {
    status: 200,
    message: 'The cursor is not from this list, filter, order and reader. Start without a cursor.',
  },
  AMBIGUOUS_NAME: {
    status: 200,
    message: 'More than one actor has this name. Use threatActors(name:) to list them.',
  },
  INVALID_INDICATOR: {
    status: 200,
    message:
      'This value is not an indicator of the given type, or its form says no type. Correct the value, ' +
      'or give the type of a value that can be anything, such as the name of a mutex.',
  },
  OPERATION_TOO_LARGE: {
    status: 400,
    message: 'The operation is too large. Split it into smaller operations.',
  },
  UNAUTHENTICATED: {
    status: 401,
    message:
      'A valid access token is required. Get one from the OpenID provider and send it as a bearer token.',
  },
  REFUSED: {
    status: 200,
    message: 'This kind of reader may not use a part of the operation. Remove it from the operation.',
  },
  NOT_FOUND: { status: 404, message: 'Nothing exists at this path. Send GraphQL requests to /graphql.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    message: 'This path accepts only POST, and GET for queries. Use one of them.',
  },
  STREAM_REQUIRED: {
    status: 406,
    message:
      'A subscription needs a stream. Use WebSocket with the subprotocol graphql-transport-ws, or POST with ' +
      '"accept: text/event-stream" or "accept: multipart/mixed;subscriptionSpec=1.0".',
  },
  RESUME_EXPIRED: {
    status: 409,
    message:
      'Events may be missing from here on. List the records again, then subscribe without resumeAfter.',
  },
  TOO_LARGE: { status: 413, message: 'The request is too large. Send a smaller request.' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    message: 'The body is not JSON in UTF-8. Send application/json in UTF-8, without another charset.',
  },
  RATE_LIMITED: {
    status: 429,
    message: 'The budget of this reader or organisation is used up. Try again after the time in Retry-After.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    status: 429,
    message: 'This connection or reader has too many subscriptions in progress. End one of them first.',
  },
  SLOW_READER: {
    status: 200,
    message: 'The client takes the events too slowly. Subscribe again with resumeAfter.',
  },
  PART_UNAVAILABLE: {
    status: 200,
    message: 'A community did not answer in time, so its part is missing. Try again later.',
  },
  TRAIL_UNAVAILABLE: {
    status: 503,
    message: 'The audit log is not available, so the response is withheld. Try again later.',
  },
  POLICY_UNAVAILABLE: {
    status: 503,
    message: 'No policy is in force, so every request is refused. Try again later.',
  },
  ISSUER_UNAVAILABLE: {
    status: 503,
    message: 'The OpenID provider does not give its keys, so no token can be verified. Try again later.',
  },
  REGISTRY_UNAVAILABLE: { status: 503, message: 'The registry is not available. Try again later.' },
  BUDGET_UNAVAILABLE: { status: 503, message: 'The budgets cannot be checked. Try again later.' },
  OVERLOADED: {
    status: 503,
    message: 'The hub has too many requests in progress. Try again after the time in Retry-After.',
  },
  HUB_STOPPING: {
    status: 503,
    message: 'The hub is stopping. Connect again, and continue with resumeAfter.',
  },
  INTERNAL: {
    status: 500,
    message: 'An internal error occurred. Report the correlation id to the operators.',
  },
} as const satisfies Record<string, { readonly status: number; readonly message: string }>;

/** A code of the table. */
export type HubErrorCode = keyof typeof errorTable;

/**
 * An error with a code of the table. `detail` is for the log; a client never gets it. `unknown` are values of the
 * client's own request that the error is about; the client gets them.
 */
export class HubError extends Error {
  override readonly name = 'HubError';
  readonly code: HubErrorCode;
  readonly status: number;
  readonly unknown: readonly string[];

  constructor(
    code: HubErrorCode,
    detail?: string,
    options: ErrorOptions & { readonly unknown?: readonly string[] } = {},
  ) {
    super(detail ?? errorTable[code].message, options);
    this.code = code;
    this.unknown = options.unknown ?? [];
    this.status = errorTable[code].status;
  }
}

/** Returns true if a value is a code of the table. Names of Object.prototype, such as `constructor`, are not codes. */
export function isHubErrorCode(value: unknown): value is HubErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value);
}
