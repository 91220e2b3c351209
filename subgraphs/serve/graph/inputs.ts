import { getNamedType, type GraphQLArgument, type GraphQLInputType, isInputObjectType } from 'graphql';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';

/**
 * Whether a kind of reader may use every input field in the arguments. A filter finds records by the value of a field,
 * so the policy requires the right to search for it.
 */
export function mayUseInputs(
  declared: readonly GraphQLArgument[],
  given: Readonly<Record<string, unknown>>,
  readerAccess: Pick<ReaderAccess, 'mayUse'>,
): boolean {
  return declared.every(({ name, type }) => mayUseInput(type, given[name], readerAccess));
}

/** Whether any argument of a field is an input object. */
export function takesInputs(declared: readonly GraphQLArgument[]): boolean {
  return declared.some(({ type }) => isInputObjectType(getNamedType(type)));
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
