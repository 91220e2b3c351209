import type { DocumentNode, GraphQLSchema } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import {
  canEndEmergency,
  canEndRelease,
  canReleaseInEmergency,
  endOfPlace,
  endOfProposal,
  grantIdOf,
} from '../../schema/record/release.ts';
import { organisationIn } from '../../schema/record/shared-types.ts';
import type { GrantEntry } from '../registry/grants.ts';
import type { Registry } from '../registry/registry.ts';
import { inputsIn } from './inputs-in.ts';

/** The parts of a reader that decide whether a grant is entered. */
type By = Pick<Reader, 'organisation' | 'client' | 'onScreen' | 'roles'>;

/**
 * The inputs that release a record: the check of the end, which allows for a clock of the community that is ahead by a
 * minute, and of the reader. The community refuses a release of another reader, so it takes no place in the registry.
 */
const inputs: Readonly<
  Record<
    string,
    {
      readonly canEnd: (until: Date, now: Date) => boolean;
      readonly isBy: (reader: By) => boolean;
    }
  >
> = {
  ReleaseRecordInput: {
    canEnd: (until, now) => canEndRelease(until, now, 1 / 1440),
    isBy: ({ client }) => client === 'person',
  },
  ProposeReleaseInput: {
    canEnd: (until, now) => canEndRelease(until, now, 1 / 1440),
    isBy: ({ client }) => client === 'person',
  },
  ReleaseRecordInEmergencyInput: {
    canEnd: (until, now) => canEndEmergency(until, now, 1 / 60),
    isBy: canReleaseInEmergency,
  },
};

/**
 * Enters the grants of the releases in an operation in the registry, each with its end, before a community stores it with
 * the record (W9a, W9c), or proposes to. The grant is one of the reader's organisation, so it opens no record of another originator. If the
 * community refuses the release, no record names the grant and it opens nothing. Returns the ids. Throws TOO_MANY_GRANTS.
 */
export async function enterGrants(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
  {
    registry,
    reader,
    now,
  }: {
    readonly registry: Pick<Registry, 'keepGrants'>;
    readonly reader: By;
    readonly now: Date;
  },
): Promise<readonly string[]> {
  const { organisation: by } = reader;
  const entries = inputsIn(document, variables, schema).flatMap(({ type, values }): GrantEntry[] => {
    const input = inputs[type];
    if (input?.isBy(reader) !== true) return [];
    const { to: given, until: end } = values as Readonly<Record<string, string>>;
    const to = organisationIn(given);
    const until = new Date(String(end));
    // The community refuses other values.
    if (to === null || !input.canEnd(until, now)) return [];
    if (type === 'ReleaseRecordInput') return [{ _id: grantIdOf({ by, to, until }), by, to, until }];
    const person = typeof values['person'] === 'string' ? values['person'] : null;
    const of = type === 'ProposeReleaseInput' ? { proposal: { person } } : { emergency: { person } };
    const entry = { _id: grantIdOf({ by, to, until, ...of }), by, to, until, person };
    if (type !== 'ProposeReleaseInput') return [entry];
    return [{ ...entry, lapsesAt: endOfPlace(endOfProposal(until, now)) }];
  });
  if (entries.length === 0 || (await registry.keepGrants(entries, now))) return entries.map(({ _id }) => _id);
  throw new HubError('TOO_MANY_GRANTS', `${by} has too many grants in force`);
}

/**
 * Takes the grants of an operation back if its answer says that nothing was made: each payload has `userErrors`, or no
 * `version`. In any other case they stay until their end, such as when the outcome is unknown.
 */
export async function dropRefused(
  ids: readonly string[],
  data: Readonly<Record<string, unknown>> | null,
  registry: Pick<Registry, 'dropGrants'>,
): Promise<void> {
  if (!isRefused(data)) return;
  // A grant that stays opens nothing. The answer does not wait for a store that is away.
  await registry.dropGrants(ids).catch(() => undefined);
}

/** Returns whether an answer says that nothing was made: each payload has an error, or no version. */
export function isRefused(data: Readonly<Record<string, unknown>> | null): boolean {
  const payloads = Object.values(data ?? {});
  return payloads.length > 0 && payloads.every(isRefusal);
}

/** Returns whether an answer says that everything was made: each payload has a version, and no error. */
export function isMade(data: Readonly<Record<string, unknown>> | null): boolean {
  const payloads = Object.values(data ?? {});
  return payloads.length > 0 && payloads.every((payload) => hasVersion(payload) && !isRefusal(payload));
}

function hasVersion(payload: unknown): boolean {
  return (
    typeof payload === 'object' && payload !== null && typeof Reflect.get(payload, 'version') === 'number'
  );
}

function isRefusal(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  const { version, userErrors } = payload as { readonly version?: unknown; readonly userErrors?: unknown };
  return version === null || (Array.isArray(userErrors) && userErrors.length > 0);
}
