import { setTimeout as pause } from 'node:timers/promises';
import { BothPolicies } from '../../../schema/policy/decide/both.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { kinds } from '../../../subgraphs/cert-eu/records.ts';
import { sealCursor } from '../../../subgraphs/serve/read/cursor.ts';
import { Loaders } from '../../../subgraphs/serve/read/loaders.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { Chance } from '../ask/chance.ts';
import { byNewer, byOlder, expected, type KnownList } from './known.ts';

/** The requests of one phase: the time of each, and the faults. */
export type Asked = {
  readonly times: Map<string, number[]>;
  /** Returned rows that not all policies in force permit. */
  tooMany: number;
  /** Missing rows that all policies in force permit. */
  tooFew: number;
  /** Requests that failed, such as by a store timeout, or because no policy was in force. */
  failed: number;
  /** The count of each error. */
  readonly why: Map<string, number>;
};

export type Asking = {
  readonly store: CommunityStore;
  readonly lists: readonly KnownList[];
  readonly readers: readonly (readonly [name: string, reader: Reader])[];
  readonly now: Date;
  readonly older: Policy;
  readonly newer: Policy;
  /** The policy that a subgraph would apply now. */
  readonly served: () => Policy | null;
};

const cursorKey = Buffer.alloc(32, 7);
const size = 50;
const thinkMs = 20;

export function nothingAsked(): Asked {
  return { times: new Map(), tooMany: 0, tooFew: 0, failed: 0, why: new Map() };
}

/**
 * Sends requests until it is stopped: a page of 50 at a random position of a list, the first page, and a record by its
 * id, as each reader in turn. Checks each answer. `phase` returns the counters of the current phase.
 */
export async function askOn(
  asking: Asking,
  seed: number,
  signal: AbortSignal,
  phase: () => Asked,
): Promise<void> {
  const chance = new Chance(seed);
  for (let turn = 0; !signal.aborted; turn += 1) {
    const asked = phase();
    const reader = turn % asking.readers.length;
    const list = chance.of(asking.lists);
    const began = performance.now();
    const name = asking.readers[reader]?.[0] ?? '';
    try {
      const policy = asking.served();
      if (policy === null) throw new Error('no policy is served');
      const kind = chance.below(4);
      if (kind === 0) await askOne(asking, asked, policy, reader, list, chance.below(list.rows.length));
      else
        await askPage(asking, asked, policy, reader, list, kind === 1 ? -1 : chance.below(list.rows.length));
    } catch (error) {
      asked.failed += 1;
      asked.why.set(String(error), (asked.why.get(String(error)) ?? 0) + 1);
    }
    const times = asked.times.get(name) ?? [];
    asked.times.set(name, times);
    times.push(performance.now() - began);
    await pause(thinkMs);
  }
}

function loadersOf({ store, readers, now }: Asking, policy: Policy, at: number) {
  const reader = readers[at]?.[1];
  if (reader === undefined) throw new Error('expected a reader');
  const readerAccess = policy.accessOf(reader, now);
  return { reader, loaders: new Loaders({ store, kinds, policy, readerAccess, cursorKey }) };
}

function maskOf({ older }: Asking, policy: Policy): number {
  if (policy instanceof BothPolicies) return byOlder | byNewer;
  return policy === older ? byOlder : byNewer;
}

async function askPage(
  asking: Asking,
  asked: Asked,
  policy: Policy,
  at: number,
  list: KnownList,
  behind: number,
): Promise<void> {
  const { reader, loaders } = loadersOf(asking, policy, at);
  const { subject, picture } = reader;
  const scope = { subject, picture, list: list.kind, filter: null, direction: 'DESC' } as const;
  const place = list.rows[behind];
  const after = place === undefined ? null : sealCursor(place, scope, cursorKey);
  const { nodes } = await loaders.list(list.kind, { first: size, after });
  compare(
    asked,
    nodes.map(({ id }) => id),
    expected(list, at, behind, size, maskOf(asking, policy)),
  );
}

async function askOne(
  asking: Asking,
  asked: Asked,
  policy: Policy,
  at: number,
  list: KnownList,
  place: number,
): Promise<void> {
  const { loaders } = loadersOf(asking, policy, at);
  const id = list.rows[place]?.id ?? '';
  const mask = maskOf(asking, policy);
  const found = await loaders.one(list.kind, id);
  const isGiven = ((list.given[at]?.[place] ?? 0) & mask) === mask;
  compare(asked, found === null ? [] : [found.id], isGiven ? [id] : []);
}

function compare(asked: Asked, given: readonly string[], wanted: readonly string[]): void {
  const [got, due] = [new Set(given), new Set(wanted)];
  asked.tooMany += given.filter((id) => !due.has(id)).length;
  asked.tooFew += wanted.filter((id) => !got.has(id)).length;
}
