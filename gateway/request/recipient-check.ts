import type { DocumentNode, GraphQLSchema } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import { canReleaseInEmergency } from '../../schema/record/release.ts';
import { organisationIn } from '../../schema/record/shared-types.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import type { Workflow } from '../../schema/workflow/language/load.ts';
import { workflowsOf } from '../../schema/workflow/served.ts';
import { recipientLists, type Recipients, type Registry } from '../registry/registry.ts';
import { type GivenInput, inputsIn } from './inputs-in.ts';

/**
 * Throws UNKNOWN_RECIPIENT if a mutation names a recipient that the registry does not have, in an audience or by an onward
 * share of the reader's organisation. Nobody could read the record by that name now, but a recipient that is registered
 * under it later could. The operation is not sent to any community, so nothing changes.
 */
export async function checkRecipients(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
  { registry, reader, now }: Asked,
): Promise<void> {
  const { audiences, shares, released } = recipientsIn(document, variables, schema);
  const unknown = [
    ...(await unknownIn(audiences, registry)),
    ...(await unknownShares(shares, { registry, reader, now })),
    ...(await unknownReleased(released, { registry, reader, now })),
  ];
  if (unknown.length === 0) return;
  const first = unknown.slice(0, maxNamed);
  throw new HubError('UNKNOWN_RECIPIENT', `the registry does not have ${first.join(', ')}`, {
    unknown: first,
  });
}

/** The most unknown names in an error, and the most characters of each. */
const maxNamed = 10;
const maxCharacters = 200;

/** The registry, and the reader who asks at a time. */
type Asked = {
  readonly registry: Pick<Registry, 'findRecipients' | 'findShares' | 'findMembersOf'>;
  readonly reader: Pick<Reader, 'organisation' | 'onScreen' | 'roles'>;
  readonly now: Date;
};

async function unknownIn(named: Recipients, registry: Asked['registry']): Promise<readonly string[]> {
  if (recipientLists.every((list) => named[list].length === 0)) return [];
  const found = await registry.findRecipients(named);
  return recipientLists.flatMap((list) => {
    const known = new Set(found[list]);
    const missing = named[list].filter((one) => !known.has(one));
    return missing.map((one) => `audience.${list}: ${one.slice(0, maxCharacters)}`);
  });
}

/** A share of another organisation is as unknown as one that does not exist. */
async function unknownShares(
  ids: readonly string[],
  { registry, reader, now }: Asked,
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const known = new Set(await registry.findShares(ids, reader.organisation, now));
  return ids.filter((one) => !known.has(one)).map((one) => `share: ${one.slice(0, maxCharacters)}`);
}

/**
 * A person of another organisation is as unknown as one that does not exist: the grant is for the organisation. Only an officer
 * on duty learns it. The community refuses the release of any other reader, who must not learn who is a member of what. For a
 * proposed release the community itself decides, by what the hub states (`member-statement.ts`).
 */
async function unknownReleased(
  released: readonly Release[],
  { registry, reader, now }: Asked,
): Promise<readonly string[]> {
  if (released.length === 0) return [];
  const organisations = released.map(({ to }) => to);
  const named = { organisations, sharingGroups: [], persons: [], agreements: [] };
  const known = new Set((await registry.findRecipients(named)).organisations);
  const unknown = await Promise.all(
    released.map(async ({ to, person }) => {
      if (!known.has(to)) return `to: ${to.slice(0, maxCharacters)}`;
      if (person === null || !canReleaseInEmergency(reader)) return null;
      const isKnown = (await registry.findMembersOf(to, [person], now)).includes(person);
      return isKnown ? null : `person: ${person.slice(0, maxCharacters)}`;
    }),
  );
  return unknown.filter((one) => one !== null);
}

/** Returns the names in all audiences, releases and onward shares of an operation. The community refuses malformed ids. */
function recipientsIn(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): {
  readonly audiences: Recipients;
  readonly shares: readonly string[];
  readonly released: readonly Release[];
} {
  const named: Found = {
    organisations: new Set(),
    sharingGroups: new Set(),
    persons: new Set(),
    agreements: new Set(),
    shares: new Set(),
    released: [],
  };
  for (const input of inputsIn(document, variables, schema)) collect(input, named);
  const audiences = {
    organisations: [...named.organisations].flatMap((one) => organisationIn(one) ?? []),
    sharingGroups: [...named.sharingGroups],
    persons: [...named.persons],
    agreements: [...named.agreements],
  };
  return { audiences, shares: [...named.shares], released: named.released };
}

/** The inputs of moves that name recipients: addressees, and those that declarations state in `opens`. */
const recipientInputs: readonly string[] = [
  'addressees',
  ...communities.flatMap((community) =>
    [...workflowsOf(community).values()].flatMap(({ record, thread }) => [
      ...opensOf(record),
      ...opensOf(thread),
    ]),
  ),
];

/** The organisation of a thread was an addressee of the first move. */
function opensOf(of: Workflow | null): readonly string[] {
  const opened = Object.values(of?.moves ?? {}).flatMap(({ opens = [] }) => opens);
  return opened.filter((name) => name !== of?.subject);
}

/** The organisation that a release is for, and its only person who may read. */
type Release = { readonly to: string; readonly person: string | null };

type Found = Readonly<Record<(typeof recipientLists)[number] | 'shares', Set<string>>> & {
  readonly released: Release[];
};

const releasing: readonly string[] = [
  'ReleaseRecordInput',
  'ProposeReleaseInput',
  'ReleaseRecordInEmergencyInput',
];

function collect({ type, values }: GivenInput, found: Found): void {
  // The first move of a workflow names those who take part, and some later ones those who read too: they become recipients.
  for (const name of recipientInputs)
    for (const one of (values[name] as readonly unknown[] | null | undefined) ?? [])
      if (typeof one === 'string') found.organisations.add(one);
  if (type === 'ShareRecordInput' && typeof values['share'] === 'string') found.shares.add(values['share']);
  const to = releasing.includes(type) ? organisationIn(String(values['to'])) : null;
  const isChecked = type !== 'ProposeReleaseInput' && typeof values['person'] === 'string';
  const person = isChecked ? String(values['person']) : null;
  if (to !== null) found.released.push({ to, person });
  if (type === 'AudienceInput')
    for (const list of recipientLists)
      for (const one of (values[list] as readonly unknown[] | null | undefined) ?? [])
        found[list].add(String(one));
}
