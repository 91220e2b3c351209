import {
  type DocumentNode,
  type FieldNode,
  getArgumentValues,
  getNamedType,
  type GraphQLSchema,
  isListType,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { type Community, communities } from '../../schema/record/vocabulary.ts';
import { creatingMove, isAddressedByLog, mutationOf, workflowsOf } from '../../schema/workflow/served.ts';

/** A record that a mutation recalls, and the community that keeps the recall. */
export type Recalled = { readonly record: string; readonly keeper: Community };

/** The mutations whose recipients the hub takes from the audit log, each with the community that answers it. */
const recalling: ReadonlyMap<string, Community> = new Map(
  communities.flatMap((community) =>
    [...workflowsOf(community).values()].filter(isAddressedByLog).flatMap((kind) => {
      const first = creatingMove(kind);
      return first === null ? [] : [[mutationOf(kind.type, first.move), community] as const];
    }),
  ),
);

/**
 * Returns the record that a mutation recalls. Null if it recalls none. Throws OPERATION_TOO_LARGE for more than one: the hub
 * searches the whole log for each.
 */
export function recalledIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): Recalled | null {
  const found: Recalled[] = [];
  const types = new TypeInfo(schema);
  const visitor = {
    Field: (field: FieldNode) => {
      const keeper = recalling.get(field.name.value);
      const definition = types.getFieldDef();
      const isRoot = types.getParentType() === schema.getMutationType();
      if (keeper === undefined || !definition || !isRoot) return undefined;
      const { input } = getArgumentValues(definition, field, variables);
      found.push({ record: recordIn(input), keeper });
      return undefined;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  if (found.length > 1) throw new HubError('OPERATION_TOO_LARGE', 'expected one recall in an operation');
  return found[0] ?? null;
}

function recordIn(input: unknown): string {
  const { content } = input as { readonly content?: { readonly recordId?: unknown } };
  return typeof content?.recordId === 'string' ? content.recordId : '';
}

/**
 * Returns the root field that looks a record up by its id, whatever community keeps it: the id begins with the kind. Null for
 * an id without a kind of record.
 */
export function lookupOf(record: string, schema: GraphQLSchema): string | null {
  const [kind = ''] = record.split(':', 1);
  const type = schema.getType(kind);
  if (!isObjectType(type) || type.getFields()['envelope'] === undefined) return null;
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
  const lookup = fields.find(
    ({ type: answered, args }) =>
      !isListType(answered) && getNamedType(answered) === type && args.length === 1 && args[0]?.name === 'id',
  );
  return lookup?.name ?? null;
}
