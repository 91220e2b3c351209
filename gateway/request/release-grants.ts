import type { DocumentNode, GraphQLSchema } from 'graphql';
import { HubError } from '../../schema/errors.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import { canEndRelease, grantIdOf } from '../../schema/record/release.ts';
import { organisationIn } from '../../schema/record/shared-types.ts';
import type { GrantEntry } from '../registry/grants.ts';
import type { Registry } from '../registry/registry.ts';
import { inputsIn } from './inputs-in.ts';

/**
 * Enters the grants of the releases in an operation in the registry, each with its end, before a community stores it with
 * the record (W9a). The grant is one of the reader's organisation, so it opens no record of another originator. If the
 * community refuses the release, no record names the grant and it opens nothing. Throws TOO_MANY_GRANTS.
 */
export async function enterGrants(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
  {
    registry,
    reader: { organisation: by },
    now,
  }: {
    readonly registry: Pick<Registry, 'keepGrants'>;
    readonly reader: Pick<Reader, 'organisation'>;
    readonly now: Date;
  },
): Promise<void> {
  const entries = inputsIn(document, variables, schema).flatMap(({ type, values }): GrantEntry[] => {
    if (type !== 'ReleaseRecordInput') return [];
    const { to: given, until: end } = values as Readonly<Record<string, string>>;
    const to = organisationIn(given);
    const until = new Date(String(end));
    // The community refuses other values. Its clock may be ahead of the hub's.
    if (to === null || !canEndRelease(until, now, 1)) return [];
    return [{ _id: grantIdOf({ by, to, until }), by, to, until }];
  });
  if (entries.length === 0 || (await registry.keepGrants(entries, now))) return;
  throw new HubError('TOO_MANY_GRANTS', `${by} has too many grants in force`);
}
