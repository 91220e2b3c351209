import { getNamedType, type GraphQLArgument, type GraphQLInputType, isInputObjectType } from 'graphql';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';

/**
 * Whether a kind of reader may use every input field that an argument was given: to filter by a field is to find
 * records by what it says, and a rule of its own.
 */
export function mayUseInputs(
  taken: readonly GraphQLArgument[],
  given: Readonly<Record<string, unknown>>,
  readerAccess: Pick<ReaderAccess, 'mayUse'>,
): boolean {
  return taken.every(({ name, type }) => mayUseInput(type, given[name], readerAccess));
}

/** Whether any argument of a field is an input object, so that there is something to decide. */
export function takesInputs(taken: readonly GraphQLArgument[]): boolean {
  return taken.some(({ type }) => isInputObjectType(getNamedType(type)));
}

function mayUseInput(
  type: GraphQLInputType,
  value: unknown,
  readerAccess: Pick<ReaderAccess, 'mayUse'>,
): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.every((one) => mayUseInput(named, one, readerAccess));
  return Object.entries(value).every(([field, inner]) => {
    const inside = named.getFields()[field];
    if (inner === null || inner === undefined) return true;
    return (
      inside !== undefined &&
      readerAccess.mayUse(named.name, field) &&
      mayUseInput(inside.type, inner, readerAccess)
    );
  });
}
