import { HubError } from '../../schema/errors.ts';
import { type Registered, sha256Of } from './read-operations.ts';

/** Which operations the hub answers: any text (`off`), also registered ids (`allowed`), or registered operations alone. */
export type OperationsMode = 'off' | 'allowed' | 'only';

/** The registered operations that are served now. */
export type Operations = {
  /** Returns the operation of an id; undefined if none is registered. */
  find(id: string): Registered | undefined;
  /** Returns the operation with exactly this text; undefined if none is registered. */
  findText(text: string): Registered | undefined;
};

/** The properties of a request that select its document, in any transport. */
export type AskedDocument = {
  readonly query?: unknown;
  /** GraphQL over HTTP, appendix A. */
  readonly documentId?: unknown;
  /** Relay's two names for an id. */
  readonly doc_id?: unknown;
  readonly id?: unknown;
  /** Apollo's `persistedQuery` is in here. */
  readonly extensions?: unknown;
};

/** The text to execute; null if the request has none. `registered` is null if the text is the client's own. */
export type ChosenDocument = { readonly text: string | null; readonly registered: Registered | null };

/**
 * Chooses the document of a request, for every transport. It never stores what a client sends. Throws
 * PERSISTED_QUERY_NOT_FOUND for an unknown id, OPERATION_NOT_REGISTERED for a text that mode `only` does not allow, and
 * BAD_REQUEST for a hash that is not the text's. A text counts before an id.
 */
export function chooseDocument(
  asked: AskedDocument,
  mode: OperationsMode,
  operations: Operations,
): ChosenDocument {
  const text = typeof asked.query === 'string' ? asked.query : null;
  if (mode === 'off') return { text, registered: null };
  const hash = hashOf(asked.extensions);
  if (text !== null) return chooseText(text, hash, mode, operations);
  const ids = [hash, asked.documentId, asked.doc_id, asked.id].filter(
    (one) => one !== null && one !== undefined,
  );
  if (ids.length === 0) return { text: null, registered: null };
  const [id, ...others] = new Set(ids.map(withoutScheme));
  if (typeof id !== 'string' || others.length > 0)
    throw new HubError('BAD_REQUEST', 'expected one id of a document, as a string');
  const registered = operations.find(id);
  if (registered === undefined) throw new HubError('PERSISTED_QUERY_NOT_FOUND');
  return { text: registered.text, registered };
}

function chooseText(
  text: string,
  hash: string | null,
  mode: OperationsMode,
  operations: Operations,
): ChosenDocument {
  if (hash !== null && hash !== sha256Of(text) && operations.find(hash)?.text !== text)
    throw new HubError('BAD_REQUEST', 'the hash of persistedQuery is not that of the text');
  const registered = operations.findText(text) ?? null;
  if (registered === null && mode === 'only') throw new HubError('OPERATION_NOT_REGISTERED');
  return { text, registered };
}

/** Returns the hash of Apollo's extension; null without the extension. */
function hashOf(extensions: unknown): string | null {
  const asked = (extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery;
  if (asked === undefined || asked === null) return null;
  const { version, sha256Hash } = asked as { version?: unknown; sha256Hash?: unknown };
  if (version !== 1 || typeof sha256Hash !== 'string')
    throw new HubError('BAD_REQUEST', 'expected persistedQuery with version 1 and a sha256Hash');
  return sha256Hash;
}

/** `sha256:` before a hash names its algorithm (GraphQL over HTTP, appendix A). */
function withoutScheme(id: unknown): unknown {
  return typeof id === 'string' ? id.replace(/^sha256:/, '') : id;
}
