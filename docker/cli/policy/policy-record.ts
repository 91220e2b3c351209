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
 * The envelope of a record, out of its community's own store and with that community's credentials; its content is
 * never read. Throws where no store has such a record.
 */
export async function readEnvelope(home: string, policy: Policy, id: string): Promise<unknown> {
  const [kind = ''] = id.split(':');
  const said = policy.source.domain.kinds;
  const owner = Object.hasOwn(said, kind) ? said[kind]?.community : undefined;
  const community = communities.find((one) => one === owner);
  const collection = community && parts[community].kinds.find(({ type }) => type === kind)?.collection;
  if (community === undefined || collection === undefined) {
    const stored = Object.values(parts).flatMap(({ kinds }) => kinds.map(({ type }) => type));
    throw new PolicyQuestionError(`--record: no store here has records of ${kind}`, nearest(kind, stored, 3));
  }
  return await withUri(
    home,
    community,
    async (uri) =>
      await withDatabase(uri, async (db) => {
        const found = await db
          .collection<{ _id: string; envelope?: unknown }>(collection)
          .findOne({ _id: id }, { projection: { envelope: 1 } });
        if (found === null) throw new Error(`--record: the store of ${community} has no ${id}`);
        return found.envelope;
      }),
  );
}

/** One of the trial's readers as the hub would see it now: with what the registry of the trial that runs knows of it. */
export async function readerAtHand(
  home: string,
  as: string,
  said: Parameters<typeof toReader>[1],
  now: Date,
): Promise<Reader> {
  const reader = toReader(as, said);
  const hub = (await readState(home))?.uris.hub;
  if (hub === undefined) return reader;
  const membership = await withDatabase(
    hub,
    async (db) => await openRegistry(db).findMembership(reader.subject, now),
  );
  if (membership === null) throw new Error(`--as: the registry has no membership of ${as} any more`);
  return { ...reader, ...membership };
}
