import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import type { Prepared } from '../../../../subgraphs/serve/ingest/prepare.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import type { Oldest } from '../../../../subgraphs/serve/record/schema-versions.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { readKeyState } from '../../../../subgraphs/serve/store/key-state.ts';
import type { Content } from '../../../../subgraphs/serve/record/content.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { openOwnStore } from '../../../helpers/own-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { envelopeOf, readerOf } from '../../../helpers/records.ts';
import { versionsOf } from '../../../helpers/versions.ts';

/** The key that every record names. */
export const key = 'Vulnerability:CVE-2099-1';
const now = new Date('2026-11-24T12:00:00Z');

/** One store, opened by programs of three versions. */
export async function openVersions(parts: readonly [CommunityPart, CommunityPart, CommunityPart]) {
  const own = await openOwnStore('cert-eu', parts[2].kinds);
  const open = async ({ kinds }: CommunityPart) => {
    const alarms: string[] = [];
    const store = openStore(
      own.uri,
      kinds,
      (error) => {
        throw error;
      },
      (words) => alarms.push(words),
    );
    await store.connection.asPromise();
    return { store, kinds, alarms };
  };
  const [v1, v2, v3] = await Promise.all(parts.map(open));
  if (v1 === undefined || v2 === undefined || v3 === undefined) throw new Error('expected three');
  for (const { store } of [v1, v2, v3]) await targetOf(store).prepare();
  return {
    v1,
    v2,
    v3,
    uri: own.uri,
    clear: async () => {
      for (const { alarms } of [v1, v2, v3]) alarms.length = 0;
      const { records, links, connection } = own.store;
      for (const { collection } of [links, ...records.values()]) await collection.deleteMany({});
      for (const name of ['labelling', 'leases', 'processes', 'changes'])
        await connection.collection(name).deleteMany({});
    },
    stop: async () => {
      for (const { store } of [v1, v2, v3]) await store.connection.close();
      await own.stop();
    },
  };
}

export type Program = Awaited<ReturnType<typeof openVersions>>['v1'];

/** Where an import of that program writes. */
export function targetOf(store: CommunityStore): Target {
  return new Target(store, 'test', null, followKeyState(store, versionsOf(policy), policy.source.version));
}

/** One bulletin as a program of version 1 maps it. */
export function contentOf(at: number, said = 'as it came'): Content {
  return {
    title: `EXERCISE ${at % 3}`,
    text: { value: `${said} ${at}`, lang: 'en' },
    publishedAt: null,
    actors: [`ThreatActor:${at}`],
  };
}

/** A record for an import. */
export function prepared(
  at: number,
  content: Content,
  envelope: Partial<Envelope> = {},
  kind = 'Bulletin',
): Prepared {
  const sortAt = new Date(Date.UTC(2026, 0, 1, 0, at));
  const mapped = { kind, localId: String(at), content, sortAt, names: [key] };
  return {
    mapped,
    envelope: { ...envelopeOf(envelope), localId: String(at) },
    contentHash: JSON.stringify(content),
    sortAt,
  };
}

/** Everything stored, as it lies. */
export async function storedIn(
  { store }: Program,
  kind = 'Bulletin',
): Promise<readonly StoredRecord<Content>[]> {
  const all = await store.records.get(kind)?.find().sort({ sortAt: 1 }).lean<StoredRecord<Content>[]>();
  return all ?? [];
}

/** The loaders of a subgraph of that program. `known` is the oldest versions that it assumes; null reads them from the store. */
export async function loadersOf({ store, kinds }: Program, known: Oldest | null = null): Promise<Loaders> {
  const oldest = known ?? (await readKeyState(store))?.oldest ?? {};
  const readerAccess = policy.accessOf(readerOf(), now);
  return new Loaders({ store, kinds, policy, readerAccess, cursorKey: Buffer.alloc(32, 7), oldest });
}

/** A list as a subgraph of that program gives it, by a filter, with its count. */
export async function listOf(
  program: Program,
  kind: string,
  filter: Readonly<Record<string, unknown>> = {},
  known: Oldest | null = null,
): Promise<{ readonly contents: readonly Content[]; readonly total: number }> {
  const loaders = await loadersOf(program, known);
  const { nodes, total } = await loaders.list(kind, { first: 100, filter });
  return { contents: nodes.map(({ content }) => content), total: (await total({})).value };
}
