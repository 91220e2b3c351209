import { coerceInputValue, type GraphQLError, type GraphQLSchema } from 'graphql';
import type { Time } from '../../../schema/record/envelope.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import type { Kind } from '../kind.ts';
import { contentInput, namedIn, type Reference, turnReferences } from './contract.ts';
import type { Content } from './content.ts';

/** Content as it is stored, with what it names and what it is sorted by. */
export type TakenContent = {
  readonly content: Content;
  /** Keys of what is shared, each once, whatever parts of it are marked by themselves. */
  readonly names: readonly string[];
  /** Null where it does not say: the time of receipt is taken then. */
  readonly sortAt: Date | null;
  /** Records of the same community that it belongs to, by the path of content, as they were written. */
  readonly belongsTo: Readonly<Record<string, { readonly type: string; readonly id: string }>>;
};

/** What makes no sense, by its place in content; the message holds nothing of a value. */
export type ContentFault = { readonly path: readonly string[]; readonly message: string };

/** What a taker may ask: an actor's name against the alias tables. */
export type Resolve = { readonly resolveActor: (name: string) => string | null };

/**
 * Takes content as the contract's input says it: values coerced, keys of what is shared in one spelling. Gives every
 * fault instead where there is one.
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

/** The same for content that was coerced already, as the arguments of a mutation are. */
export function settleContent(
  schema: GraphQLSchema,
  kind: Kind,
  given: Content,
  { resolveActor }: Resolve,
): TakenContent | readonly ContentFault[] {
  const faults: ContentFault[] = [];
  const belongsTo: Record<string, { type: string; id: string }> = {};
  const turn = (reference: Reference): string | null => {
    if (reference.to === 'record') {
      belongsTo[reference.path.join('.')] = { type: reference.type, id: reference.text };
      return reference.text;
    }
    const key = sharedKey(reference.type, reference.text, resolveActor);
    if (key === null) faults.push({ path: reference.path, message: `expected a key of ${reference.type}` });
    return key;
  };
  const content = turnReferences(schema, kind.type, given, turn);
  if (faults.length > 0) return faults;
  return {
    content,
    names: namedIn(schema, kind, content, []).names,
    sortAt: sortOf(kind, content),
    belongsTo,
  };
}

/** graphql-js quotes the value in its message; what it expected is said after it. */
function withoutValue({ message }: GraphQLError): string {
  const field = /^Field "(\w+)" of required type "([\w[\]!]+)" was not provided\.$/.exec(message);
  if (field !== null) return `${field[1]}: expected ${field[2]}, got nothing`;
  if (/is not defined by type/.test(message)) return 'a member that the contract does not have';
  const expected = /^Expected (?:value of )?(?:non-nullable )?type "([\w[\]!]+)"/.exec(message)?.[1];
  return expected === undefined ? 'a value of another type or out of range' : `expected ${expected}`;
}

function sortOf({ sortBy }: Kind, content: Content): Date | null {
  const value = sortBy === undefined ? undefined : content[sortBy];
  if (value instanceof Date) return value;
  const utc = (value as Partial<Time> | null | undefined)?.utc;
  return utc instanceof Date ? utc : null;
}
