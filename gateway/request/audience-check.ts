import {
  type ArgumentNode,
  type DocumentNode,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  TypeInfo,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';
import { organisationKey } from '../../schema/record/keys.ts';
import type { Registry } from '../registry/registry.ts';

/**
 * Throws UNKNOWN_ORGANISATION if a mutation names an organisation in an audience that the registry does not have: nobody could
 * read the record for it, and a later organisation of that id would. No community is asked then, so nothing changes.
 */
export async function checkAudiences(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
  registry: Pick<Registry, 'findOrganisations'>,
): Promise<void> {
  const named = audiencesIn(document, variables, schema);
  if (named.length === 0) return;
  const found = await registry.findOrganisations(named);
  const known = new Set(found.map(({ _id }) => _id));
  const unknown = named.filter((one) => !known.has(one));
  if (unknown.length > 0)
    throw new HubError(
      'UNKNOWN_ORGANISATION',
      `audience.organisations: the registry has no organisation ${unknown.slice(0, maxNamed).join(', ')}`,
    );
}

const maxNamed = 10;

/** Returns the ids of the organisations in all audiences of an operation. The community refuses malformed ones. */
function audiencesIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): readonly string[] {
  const named = new Set<string>();
  const types = new TypeInfo(schema);
  const visitor = {
    Argument: ({ value }: ArgumentNode) => {
      const type = types.getInputType();
      if (type) collect(valueFromAST(value, type, variables), type, named);
      return false;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  const keys = [...named].map((one) => organisationKey(one.replace(/^Organisation:/, '')));
  return keys.flatMap((key) => (key === null ? [] : [key.slice('Organisation:'.length)]));
}

function collect(value: unknown, type: GraphQLInputType, found: Set<string>): void {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, type, found);
    return;
  }
  const given = value as Readonly<Record<string, unknown>>;
  if (named.name === 'AudienceInput')
    for (const one of (given['organisations'] as readonly unknown[] | null | undefined) ?? [])
      found.add(String(one));
  for (const [name, field] of Object.entries(named.getFields())) collect(given[name], field.type, found);
}
