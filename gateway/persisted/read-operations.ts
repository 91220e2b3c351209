import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  separateOperations,
} from 'graphql';
import { maxTokens } from '../http/document-store.ts';

/** A document of the operators, with the ids under which clients may ask for it. */
export type Registered = {
  /** The file that has it. */
  readonly file: string;
  /** The name of its operation; null if it has none, or several operations. */
  readonly name: string | null;
  readonly text: string;
  readonly document: DocumentNode;
  readonly ids: readonly string[];
  /** Whether it repeats a file whose operations are registered one by one. */
  readonly isWhole: boolean;
};

/** The maximum size of a registered text: that of a text which a client sends. */
const maxTextBytes = 256_000;

/**
 * Reads a file of operations: GraphQL text, or a manifest of Apollo or Relay, by its extension. Throws an error that says
 * where the file is wrong.
 */
export function readOperations(file: string, text: string): readonly Registered[] {
  return file.endsWith('.json') ? readManifest(file, text) : readText(file, text);
}

/** Returns the lower-case hexadecimal SHA-256 of a text: the id that clients compute for it. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Each operation of a file is registered with its fragments. A file with one operation is also registered as it is written. */
function readText(file: string, text: string): readonly Registered[] {
  const document = parseAt(text, 'the text');
  const operations = Object.values(separateOperations(document));
  if (operations.length === 0)
    throw new Error('it has no operation; give each fragment in the file of the operation that uses it');
  const separate = operations.map((one) => toRegistered(file, print(one), one, []));
  const whole = [text, text.trim()].map((one) => ({
    ...toRegistered(file, one, document, []),
    isWhole: true,
  }));
  return [...separate, ...whole];
}

/** Apollo's manifest has a list of operations, Relay's is a map from id to text. */
function readManifest(file: string, text: string): readonly Registered[] {
  const manifest: unknown = JSON.parse(text);
  if (!isObject(manifest)) throw new Error('expected a JSON object');
  const rows = Object.hasOwn(manifest, 'format') ? rowsOfApollo(manifest) : Object.entries(manifest);
  return rows.map(([id, body]) => {
    if (typeof id !== 'string' || id === '' || typeof body !== 'string')
      throw new Error(`operation ${String(id).slice(0, 100)}: expected an id and the text of a document`);
    return toRegistered(file, body, parseAt(body, `operation ${id}`), [id]);
  });
}

function rowsOfApollo({ format, version, operations }: Readonly<Record<string, unknown>>) {
  if (format !== 'apollo-persisted-query-manifest' || version !== 1 || !Array.isArray(operations))
    throw new Error(
      'expected the format apollo-persisted-query-manifest, version 1, with a list of operations',
    );
  return operations.map((one: unknown) =>
    isObject(one) ? ([one['id'], one['body']] as const) : ([undefined, undefined] as const),
  );
}

function toRegistered(
  file: string,
  text: string,
  document: DocumentNode,
  given: readonly string[],
): Registered {
  const [only, ...others] = document.definitions.filter(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  const name = others.length === 0 ? (only?.name?.value ?? null) : null;
  if (Buffer.byteLength(text) > maxTextBytes)
    throw new Error(`operation ${given[0] ?? name}: its text is larger than ${maxTextBytes} bytes`);
  return { file, name, text, document, ids: [...new Set([...given, sha256Of(text)])], isWhole: false };
}

function parseAt(text: string, what: string): DocumentNode {
  try {
    return parse(text, { maxTokens });
  } catch (error) {
    const at = error instanceof GraphQLError ? error.locations?.[0] : undefined;
    const place = at === undefined ? what : `${what}, line ${at.line}, column ${at.column}`;
    throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
