import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, MongoClient } from 'mongodb';
import { startStores, type Stores } from '../../../../docker/trial/stores/stores.ts';

/** The output and the exit code of an import. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

type Flags = { readonly uri?: string; readonly args?: readonly string[]; readonly script?: string };

/** A place for imports: a folder, the embedded stores, and imports as separate processes. */
export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly stores: Stores;
  readonly client: MongoClient;

  private constructor(folder: string, stores: Stores, client: MongoClient) {
    this.folder = folder;
    this.stores = stores;
    this.client = client;
  }

  static async open({ apart = false } = {}): Promise<Place> {
    const folder = await mkdtemp(join(tmpdir(), 'jcu-ingest-'));
    const stores = await startStores({ home: join(folder, 'stores'), apart });
    return new Place(folder, stores, await new MongoClient(stores.uris['cert-eu']).connect());
  }

  /** Empties the store. */
  async clear(): Promise<void> {
    const db = this.client.db();
    for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
      await db.collection(name).deleteMany({});
    }
  }

  async write(name: string, content: string | Buffer): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, content);
    return path;
  }

  start(
    paths: readonly string[],
    { uri = this.stores.uris['cert-eu'], args = [], script = 'import-bulletins.ts' }: Flags = {},
  ): ChildProcess {
    const rejects = join(this.folder, 'rejects');
    return spawn(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, script), ...paths, '--rejects', rejects, ...args],
      { env: { ...process.env, JCU_STORE_URI: uri }, stdio: 'pipe' },
    );
  }

  async import(paths: readonly string[], flags: Flags = {}): Promise<Ended> {
    return await endOf(this.start(paths, flags));
  }

  /** Every line of every reject file, and the files with it. */
  async rejects(): Promise<readonly Document[]> {
    const folder = join(this.folder, 'rejects');
    const files = await readdir(folder).catch(() => []);
    const texts = await Promise.all(files.map(async (file) => await readFile(join(folder, file), 'utf8')));
    return texts
      .flatMap((text) => text.split('\n').filter(Boolean))
      .map((line) => JSON.parse(line) as Document);
  }

  async clearRejects(): Promise<void> {
    await rm(join(this.folder, 'rejects'), { recursive: true, force: true });
  }

  /** All stored documents, with ids replaced by their local ids and without the time of receipt. */
  async state(): Promise<Document> {
    const db = this.client.db();
    const names = new Map<string, string>();
    const kinds = ['bulletins', 'notes'];
    const records: Document[] = [];
    for (const kind of kinds) {
      for await (const record of db.collection<{ _id: string } & Document>(kind).find()) {
        names.set(record._id, `${kind} ${record['envelope'].localId}`);
        records.push(record);
      }
    }
    const links = await db.collection('links').find().toArray();
    const text = JSON.stringify({ records, links }, (key, value: unknown) =>
      key === 'receivedAt' ? undefined : value,
    ).replaceAll(/(?:Bulletin|Note):[0-9a-f-]{36}/g, (id) => names.get(id) ?? 'nothing');
    const { records: read, links: rows } = JSON.parse(text) as { records: Document[]; links: Document[] };
    return { records: read.sort(byId), links: rows.sort(byId) };
  }

  /** Everything in the store as one text, to search for what must not be there. */
  async everything(): Promise<string> {
    const db = this.client.db();
    const collections = await db.listCollections({}, { nameOnly: true }).toArray();
    const all = await Promise.all(
      collections.map(async ({ name }) => await db.collection(name).find().toArray()),
    );
    return JSON.stringify(all);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.stores.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function byId(one: Document, other: Document): number {
  return String(one['_id']) < String(other['_id']) ? -1 : 1;
}

/** Waits for a process and gives all that it said. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, out, err };
}

/** A file of so many bulletins of the exercise; `change` may alter each. */
export function bulletinsFile(
  count: number,
  change: (bulletin: Document, at: number) => Document = (bulletin) => bulletin,
): string {
  const list = Array.from({ length: count }, (_, at) =>
    change(
      {
        id: `B-${at}`,
        title: `EXERCISE bulletin ${at}`,
        text: `EXERCISE: it names CVE-2099-${10_000 + (at % 50)} and CVE-2099-${20_000 + at}.`,
        published: `2025-0${1 + (at % 9)}-1${at % 10}`,
        notes: [`first note of ${at}`, `second note of ${at}`],
      },
      at,
    ),
  );
  return JSON.stringify({ title: 'EXERCISE', bulletins: list }, null, 1);
}
