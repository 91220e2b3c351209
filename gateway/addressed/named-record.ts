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
import { addressedByHub, creatingMove, mutationOf, workflowsOf } from '../../schema/workflow/served.ts';

/** The addressees of a change that the hub states, and the community that keeps the new record. */
type Stated = { readonly by: 'log' | 'originator'; readonly keeper: Community };
/** A record that a mutation names, whose originator or receivers are the addressees of the new record. */
export type Named = Stated & { readonly record: string };

/** The mutations whose addressees the hub states. */
const stated: ReadonlyMap<string, Stated> = new Map(
  communities.flatMap((keeper) =>
    [...workflowsOf(keeper).values()].flatMap((kind) => {
      const by = addressedByHub(kind);
      const first = creatingMove(kind);
      return by === null || first === null
        ? []
        : [[mutationOf(kind.type, first.move), { by, keeper }] as const];
    }),
  ),
);

/**
 * Returns the record that a mutation names, if the hub states the addressees of the change. Throws OPERATION_TOO_LARGE for more
 * than one: the hub reads each, and searches the whole log for a recall.
 */
export function namedIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): Named | null {
  const found: Named[] = [];
  const types = new TypeInfo(schema);
  const visitor = {
    Field: (field: FieldNode) => {
      const of = stated.get(field.name.value);
      const definition = types.getFieldDef();
      const isRoot = types.getParentType() === schema.getMutationType();
      if (of === undefined || !definition || !isRoot) return undefined;
      const { input } = getArgumentValues(definition, field, variables);
      found.push({ record: recordIn(input), ...of });
      return undefined;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  if (found.length > 1)
    throw new HubError('OPERATION_TOO_LARGE', 'expected one recall or release request in an operation');
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
