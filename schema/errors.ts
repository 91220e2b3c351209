/**
 * The closed table of error codes: what a client may be told, with its HTTP status and its constant message.
 * The reader gets the code and the message of this table, never the text of an exception; the log gets everything.
 */
export const errorTable = {
  BAD_REQUEST: {
    status: 400,
    message: 'The request is not a GraphQL request (GraphQL over HTTP, section 5).',
  },
  GRAPHQL_PARSE_FAILED: { status: 400, message: 'The document does not parse as GraphQL.' },
  GRAPHQL_VALIDATION_FAILED: { status: 400, message: 'The document does not fit the schema.' },
  BAD_USER_INPUT: {
    status: 400,
    message: 'An argument or a variable is not of the form that the schema describes.',
  },
  BAD_CURSOR: { status: 400, message: 'The cursor is not one of this list, filter, order and reader.' },
  AMBIGUOUS_NAME: {
    status: 200,
    message: 'The name is carried by more than one actor: ask threatActors(name:).',
  },
  OPERATION_TOO_LARGE: {
    status: 400,
    message: 'The operation selects more than this hub plans: ask in parts.',
  },
  UNAUTHENTICATED: { status: 401, message: 'A valid access token for this hub is needed.' },
  REFUSED: { status: 200, message: 'A part of the operation is not for this kind of reader.' },
  NOT_FOUND: { status: 404, message: 'There is nothing at this address.' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This address takes POST (and GET for queries) only.' },
  TOO_LARGE: { status: 413, message: 'The request is larger than this hub reads.' },
  RATE_LIMITED: {
    status: 429,
    message: 'The budget of this reader or of their organisation is spent. Try again after the time stated.',
  },
  PART_UNAVAILABLE: { status: 200, message: 'A part of the answer could not be had in time.' },
  TRAIL_UNAVAILABLE: {
    status: 503,
    message: 'The answer cannot be recorded, so it is not given. Try again later.',
  },
  POLICY_UNAVAILABLE: {
    status: 503,
    message: 'No policy is in force here, so nothing is decided. Try again later.',
  },
  REGISTRY_UNAVAILABLE: { status: 503, message: 'The registry does not answer. Try again later.' },
  BUDGET_UNAVAILABLE: { status: 503, message: 'The budgets cannot be counted. Try again later.' },
  INTERNAL: {
    status: 500,
    message: 'Something went wrong inside. The correlation id leads the operators to it.',
  },
} as const satisfies Record<string, { readonly status: number; readonly message: string }>;

export type HubErrorCode = keyof typeof errorTable;

/** The error of this hub: a code of the table above. `detail` is for the log and never leaves. */
export class HubError extends Error {
  override readonly name = 'HubError';
  readonly code: HubErrorCode;
  readonly status: number;

  constructor(code: HubErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? errorTable[code].message, options);
    this.code = code;
    this.status = errorTable[code].status;
  }
}

/** Whether a value is a code of the table: own keys only, so that no name of Object.prototype passes. */
export function isHubErrorCode(value: unknown): value is HubErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value);
}
