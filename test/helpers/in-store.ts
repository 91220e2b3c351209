import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores, type Stores } from '../../docker/trial/stores/stores.ts';
import type { Community } from '../../schema/record/vocabulary.ts';
import type { CommunityPart } from '../../subgraphs/serve/graph/community.ts';
import { ingest } from '../../subgraphs/serve/ingest/ingest.ts';
import type { IngestReport } from '../../subgraphs/serve/ingest/report.ts';
import { importNames } from '../../subgraphs/serve/ingest/names.ts';
import { noProgress } from '../../schema/runtime/progress.ts';
import type { Reject } from '../../subgraphs/serve/ingest/rejects.ts';
import type { Defaults, Source } from '../../subgraphs/serve/ingest/sources/source.ts';
import { assignKeysBy } from '../../subgraphs/serve/store/key-assigner.ts';
import { Target } from '../../subgraphs/serve/ingest/target.ts';
import { type CommunityStore, openStore } from '../../subgraphs/serve/store/store.ts';
import { policy } from './policy.ts';

/** The result of an import, with its rejects and alarms. */
export type Imported = IngestReport & {
  readonly rejects: readonly Reject[];
  readonly alarms: readonly string[];
};

const neverAwaited = async (): Promise<void> => await Promise.resolve();

/** Opens a community's store for one test file, and imports into it. */
export class InStore implements AsyncDisposable {
  readonly store: CommunityStore;
  readonly #home: string;
  /** Null if another owner stops the stores. */
  readonly #stores: Stores | null;

  private constructor(home: string, stores: Stores | null, store: CommunityStore) {
    this.#home = home;
    this.#stores = stores;
    this.store = store;
  }

  /** Opens the store of a community: on its own server, or on the given one. */
  static async open(community: CommunityPart, shared: Stores | null = null): Promise<InStore> {
    const home = mkdtempSync(join(tmpdir(), 'jcu-source-'));
    const stores = shared ?? (await startStores({ home }));
    const name: Community = community.name;
    const store = openStore(stores.uris[name], community.kinds, (error) => {
      throw error;
    });
    await store.connection.asPromise();
    await new Target(store, 'none', null, assignKeysBy(policy)).prepare();
    return new InStore(home, shared === null ? stores : null, store);
  }

  async import(source: Source, file: string | object, defaults: Partial<Defaults> = {}): Promise<Imported> {
    return await this.importAll(source, [file], defaults);
  }

  /** Imports several files in one run. */
  async importAll(
    source: Source,
    files: readonly (string | object)[],
    defaults: Partial<Defaults> = {},
  ): Promise<Imported> {
    const rejects: Reject[] = [];
    const alarms: string[] = [];
    const report = await ingest({
      source,
      files: files.map((file, at) => (typeof file === 'string' ? file : this.#write(file, at))),
      defaults: { ...source.defaults, ...defaults },
      target: new Target(this.store, source.name, defaults.exercise ?? null, assignKeysBy(policy)),
      rejects: {
        path: 'memory',
        write: async (reject) => {
          rejects.push(reject);
          return await Promise.resolve();
        },
        [Symbol.asyncDispose]: async () => await Promise.resolve(),
      },
      progress: noProgress,
      alarm: (words) => alarms.push(words),
      receivedAt: new Date(),
    });
    return { ...report, rejects, alarms };
  }

  /** Imports a file as an alias table. */
  async importAliases(file: string): Promise<void> {
    const target = new Target(this.store, 'aliases', null, assignKeysBy(policy));
    const rejects = { path: 'memory', write: neverAwaited, [Symbol.asyncDispose]: neverAwaited };
    await importNames({ target, rejects, alarm: () => undefined }, file);
  }

  async clear(): Promise<void> {
    for (const collection of await this.#db().collections()) await collection.deleteMany({});
  }

  /** Returns the whole store as one text, to search it for content that must not be there. */
  async everything(): Promise<string> {
    const all = (await this.#db().collections()).map(async (collection) => await collection.find().toArray());
    return JSON.stringify(await Promise.all(all));
  }

  #write(file: object, at: number): string {
    const path = join(this.#home, `file-${at}.json`);
    writeFileSync(path, JSON.stringify(file, null, 1));
    return path;
  }

  #db() {
    return this.store.connection.getClient().db(this.store.connection.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.connection.close();
    await this.#stores?.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }
}
