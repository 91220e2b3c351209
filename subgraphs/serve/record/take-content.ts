import { coerceInputValue, type GraphQLError, type GraphQLSchema } from 'graphql';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import type { Kind } from '../kind.ts';
import { contentInput, namedIn, type Reference, mapReferences } from './contract.ts';
import type { Content } from './content.ts';
import { dateIn } from './date-in.ts';

/** Checked content, ready to be stored. */
export type TakenContent = {
  readonly content: Content;
  /** Keys of the shared entities that content names, each once. Portions are not taken into account. */
  readonly names: readonly string[];
  /** The sort key; null if content has none. The time of receipt is used then. */
  readonly sortAt: Date | null;
  /** Records of the same community that content names, by path, with the id as given. */
  readonly belongsTo: Readonly<Record<string, { readonly type: string; readonly id: string }>>;
};

/** A fault in content, with its path. The message contains nothing of the value. */
export type ContentFault = { readonly path: readonly string[]; readonly message: string };

/** Resolves an actor's name by the alias tables; null if it is unknown. */
export type Resolve = { readonly resolveActor: (name: string) => string | null };

/**
 * Checks content against its input in the SDL: coerces values and normalises the keys of shared entities. Returns the
 * faults instead if there are any.
 */
export function takeContent(
  schema: GraphQLSchema,
  kind: Kind,
  given: unknown,
  { resolveActor }: Resolve,
): TakenContent | readonly ContentFault[] {
  const faults: ContentFault[] = [];
  const coerced = coerceInputValue(given, contentInput(schema, kind.type), (path, _value, error) =>
    faults.push({ path: path.map(String), message: withoutValue(error) }),
  );
  return faults.length > 0 ? faults : settleContent(schema, kind, coerced as Content, { resolveActor });
}

/** Like `takeContent`, for content that is already coerced, such as the arguments of a mutation. */
export function settleContent(
  schema: GraphQLSchema,
  kind: Kind,
  given: Content,
  { resolveActor }: Resolve,
): TakenContent | readonly ContentFault[] {
  const faults: ContentFault[] = [];
  const belongsTo: Record<string, { type: string; id: string }> = {};
  const map = (reference: Reference): string | null => {
    if (reference.to === 'record') {
      belongsTo[reference.path.join('.')] = { type: reference.type, id: reference.text };
      return reference.text;
    }
    const key = sharedKey(reference.type, reference.text, resolveActor);
    if (key === null) faults.push({ path: reference.path, message: `expected a key of ${reference.type}` });
    return key;
  };
  const content = mapReferences(schema, kind.type, given, map);
  if (faults.length > 0) return faults;
  return {
    content,
    names: namedIn(schema, kind, content, []).names,
    sortAt: dateIn(kind.sortBy, content),
    belongsTo,
  };
}

/** Rewrites a message of graphql-js, which quotes the value, to one that says only what was expected. */
function withoutValue({ message }: GraphQLError): string {
  const field = /^Field "(\w+)" of required type "([\w[\]!]+)" was not provided\.$/.exec(message);
  if (field !== null) return `${field[1]}: expected ${field[2]}, got nothing`;
  if (/is not defined by type/.test(message)) return 'unknown field: the schema does not define it';
  const expected = /^Expected (?:value of )?(?:non-nullable )?type "([\w[\]!]+)"/.exec(message)?.[1];
  return expected === undefined ? 'expected a value of another type or range' : `expected ${expected}`;
}
