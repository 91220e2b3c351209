import { openRegistry } from '../../../gateway/registry/registry.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { nearest, PolicyQuestionError } from '../../../schema/policy/explain/question.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import { withDatabase } from '../../trial/client.ts';
import { withUri } from '../import.ts';
import { toReader } from '../operate.ts';
import { parts } from '../../trial/parts.ts';
import { readState } from '../../trial/state.ts';

/**
 * Reads the envelope of a record from its community's store, with that community's credentials; never its content. Throws
 * if no store has the record.
 */
export async function readEnvelope(home: string, policy: Policy, id: string): Promise<unknown> {
  const [kind = ''] = id.split(':');
  const { kinds } = policy.source.domain;
  const owner = Object.hasOwn(kinds, kind) ? kinds[kind]?.community : undefined;
  const community = communities.find((one) => one === owner);
  const collection = community && parts[community].kinds.find(({ type }) => type === kind)?.collection;
  if (community === undefined || collection === undefined) {
    const stored = Object.values(parts).flatMap((part) => part.kinds.map(({ type }) => type));
    throw new PolicyQuestionError(
      `--record: expected Type:... with a kind of record, got the kind ${kind}, which no store has`,
      nearest(kind, stored, 3),
    );
  }
  return await withUri(
    home,
    community,
    async (uri) =>
      await withDatabase(uri, async (db) => {
        const found = await db
          .collection<{ _id: string; envelope?: unknown }>(collection)
          .findOne({ _id: id }, { projection: { envelope: 1 } });
        if (found === null) throw new Error(`--record: the store of ${community} has no record ${id}`);
        return found.envelope;
      }),
  );
}

/** The time limit for a read of the registry, in milliseconds. It is longer than the hub's, because no request waits. */
const patientMs = 10_000;

/** Returns one of the trial's readers as the hub sees it now: with its membership in the running trial's registry. */
export async function readerFromTrial(
  home: string,
  as: string,
  stated: Parameters<typeof toReader>[1],
  now: Date,
): Promise<Reader> {
  const reader = toReader(as, stated);
  const hub = (await readState(home))?.uris.hub;
  if (hub === undefined) return reader;
  const membership = await withDatabase(
    hub,
    async (db) => await openRegistry(db, patientMs).findMembership(reader.subject, now),
  );
  if (membership === null) throw new Error(`--as: ${as} has no valid membership in the trial's registry`);
  return { ...reader, ...membership };
}
