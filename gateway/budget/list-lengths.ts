import { getNamedType, type GraphQLSchema, isListType, isNonNullType, isObjectType } from 'graphql';
import { memberStates } from '../../schema/record/keys.ts';

/** The lengths of lists that have no `first`, by the name of the field. */
export type ListLengths = ReadonlyMap<string, number>;

/** No list without `first` is known. */
export const noLists: ListLengths = new Map();

/** The assumed length of a list without a limit, such as the vulnerabilities of an advisory. */
const usualLength = 10;

/** The lists whose length is known. */
const known: ListLengths = new Map([['memberStates', Object.keys(memberStates).length]]);

/**
 * Returns the lengths of the lists without `first` whose items have lists again: each item multiplies what is requested
 * below it. Lists of plain values belong to their row.
 */
export function listLengthsOf(schema: GraphQLSchema): ListLengths {
  const fields = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .flatMap((type) => Object.values(type.getFields()));
  const lists = fields.filter(({ name, type, args }) => {
    const isList = isListType(isNonNullType(type) ? type.ofType : type);
    const item = getNamedType(type);
    if (!isList || !isObjectType(item) || name === 'nodes' || name === 'edges') return false;
    if (args.some((argument) => argument.name === 'first')) return false;
    return Object.values(item.getFields()).some((field) => field.args.some((one) => one.name === 'first'));
  });
  return new Map(lists.map(({ name }) => [name, known.get(name) ?? usualLength]));
}
