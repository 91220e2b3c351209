import {
  type DocumentNode,
  type FieldNode,
  getArgumentValues,
  type GraphQLSchema,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Member, maxMembers } from '../../schema/protocol/members.ts';
import { organisationIn } from '../../schema/record/shared-types.ts';
import { communities, type Community, graphNameOf } from '../../schema/record/vocabulary.ts';
import type { Registry } from '../registry/registry.ts';

/**
 * Returns the statement to each community about the persons to whom an operation proposes to release records: those who are
 * members of the stated organisation. The community answers a reader who may release the record; any other reader learns
 * nothing of who is a member of what.
 */
export async function findMembers(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
  { registry, now }: { readonly registry: Pick<Registry, 'findMembersOf'>; readonly now: Date },
): Promise<ReadonlyMap<Community, readonly Member[]>> {
  const named = personsIn(document, variables, schema).slice(0, maxMembers);
  const found = await Promise.all(
    named.map(async ({ community, ...member }) => {
      const known = await registry.findMembersOf(member.organisation, [member.subject], now);
      return known.length === 0 ? [] : [{ community, member }];
    }),
  );
  const groups = Map.groupBy(found.flat(), ({ community }) => community);
  return new Map([...groups].map(([community, of]) => [community, of.map(({ member }) => member)]));
}

type Named = Member & { readonly community: Community };

/** The mutations that propose a release, each with the community that has the record. */
const proposing: ReadonlyMap<string, Community> = new Map(
  communities.map((community) => [`proposeReleaseOf${graphNameOf(community)}Record`, community]),
);

function personsIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): readonly Named[] {
  const found: Named[] = [];
  const types = new TypeInfo(schema);
  const visitor = {
    Field: (field: FieldNode) => {
      const community = proposing.get(field.name.value);
      const definition = types.getFieldDef();
      const isRoot = types.getParentType() === schema.getMutationType();
      if (community === undefined || !definition || !isRoot) return;
      const { input } = getArgumentValues(definition, field, variables);
      const { to, person } = input as { readonly to: string; readonly person?: string | null };
      const organisation = organisationIn(to);
      if (organisation !== null && isSubject(person))
        found.push({ community, organisation, subject: person });
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  return found;
}

function isSubject(person: string | null | undefined): person is string {
  return typeof person === 'string' && person !== '' && person.length <= 200;
}
