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
import { recipientLists, type Recipients, type Registry } from '../registry/registry.ts';

/**
 * Throws UNKNOWN_RECIPIENT if an audience in a mutation names a recipient that the registry does not have. Nobody could
 * read the record by that name now, but a recipient that is registered under it later could. The operation is not sent to any
 * community, so nothing changes.
 */
export async function checkAudiences(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
  registry: Pick<Registry, 'findRecipients'>,
): Promise<void> {
  const named = recipientsIn(document, variables, schema);
  if (recipientLists.every((list) => named[list].length === 0)) return;
  const found = await registry.findRecipients(named);
  const unknown = recipientLists.flatMap((list) => {
    const known = new Set(found[list]);
    const missing = named[list].filter((one) => !known.has(one));
    return missing.map((one) => `audience.${list}: ${one.slice(0, maxCharacters)}`);
  });
  if (unknown.length === 0) return;
  const first = unknown.slice(0, maxNamed);
  throw new HubError('UNKNOWN_RECIPIENT', `the registry does not have ${first.join(', ')}`, {
    unknown: first,
  });
}

/** The most unknown names in an error, and the most characters of each. */
const maxNamed = 10;
const maxCharacters = 200;

/** Returns the names in all audiences of an operation. The community refuses malformed ids of organisations. */
function recipientsIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): Recipients {
  const named: Found = {
    organisations: new Set(),
    sharingGroups: new Set(),
    persons: new Set(),
    agreements: new Set(),
  };
  const types = new TypeInfo(schema);
  const visitor = {
    Argument: ({ value }: ArgumentNode) => {
      const type = types.getInputType();
      if (type) collect(valueFromAST(value, type, variables), type, named);
      return false;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  return {
    organisations: [...named.organisations].flatMap((one) => {
      const key = organisationKey(one.replace(/^Organisation:/, ''));
      return key === null ? [] : [key.slice('Organisation:'.length)];
    }),
    sharingGroups: [...named.sharingGroups],
    persons: [...named.persons],
    agreements: [...named.agreements],
  };
}

/** The inputs of moves that name recipients: those that declarations state as addressees or in `opens`. */
const recipientInputs = ['addressees', 'recipients', 'contactPoints', 'relevantCsirts'] as const;

type Found = Readonly<Record<(typeof recipientLists)[number], Set<string>>>;

function collect(value: unknown, type: GraphQLInputType, found: Found): void {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, type, found);
    return;
  }
  const given = value as Readonly<Record<string, unknown>>;
  // The first move of a workflow names those who take part, and some later ones those who read too: they become recipients.
  for (const name of recipientInputs)
    for (const one of (given[name] as readonly unknown[] | null | undefined) ?? [])
      if (typeof one === 'string') found.organisations.add(one);
  if (named.name === 'AudienceInput')
    for (const list of recipientLists)
      for (const one of (given[list] as readonly unknown[] | null | undefined) ?? [])
        found[list].add(String(one));
  for (const [name, field] of Object.entries(named.getFields())) collect(given[name], field.type, found);
}
