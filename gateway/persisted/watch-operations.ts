import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type GraphQLSchema, validate } from 'graphql';
import { limitDocument } from '../budget/document-size.ts';
import type { Operations } from './operations.ts';
import { readOperations, type Registered } from './read-operations.ts';

/** The registered operations of a folder, which is read again when it changes. */
export type WatchedOperations = Operations & {
  /** Checks all operations against another schema before it is in force. Resolves once they are checked. */
  use(schema: GraphQLSchema): Promise<void>;
  /** Returns the number of operations that are served. */
  size(): number;
  stop(): void;
};

/** The bounds of the folder. It is the operators', and kept in memory. */
const max = { fileBytes: 16_000_000, operations: 20_000 };
const pollMs = 500;
/** Checking many operations must not delay requests. */
const checkMs = 10;

type Log = { info(detail: object, message: string): void; error(message: string): void };
type ReadFile = { readonly changed: string; readonly operations: readonly Registered[] };

/** No operation: for a hub without a folder. */
export const noOperations: WatchedOperations = {
  find: () => undefined,
  findText: () => undefined,
  use: () => Promise.resolve(),
  size: () => 0,
  stop: () => undefined,
};

/**
 * Reads the operations of a folder (`*.graphql`, `*.gql`, and manifests `*.json`), and twice a second those that changed. A file
 * that cannot be read or parsed changes nothing: its last valid content stays. An operation that the schema does not
 * allow is not served. Both are logged once, with the place and the remedy.
 */
export async function watchOperations(
  folder: string,
  schema: GraphQLSchema,
  log: Log,
): Promise<WatchedOperations> {
  const watched = new OperationsFolder(folder, schema, log);
  await watched.look();
  const timer = setInterval(() => void watched.look(), pollMs).unref();
  return {
    find: (id) => watched.ids.get(id),
    findText: (text) => watched.texts.get(text),
    use: async (next) => await watched.use(next),
    size: () => new Set(watched.ids.values()).size,
    stop: () => clearInterval(timer),
  };
}

class OperationsFolder {
  readonly #folder: string;
  readonly #log: Log;
  #schema: GraphQLSchema;
  #files = new Map<string, ReadFile>();
  #malformed = new Map<string, { readonly changed: string; readonly fault: string }>();
  #reported = new Set<string>();
  #checked = new Map<string, string | null>();
  #work: Promise<void> | null = null;
  ids: ReadonlyMap<string, Registered> = new Map();
  texts: ReadonlyMap<string, Registered> = new Map();

  constructor(folder: string, schema: GraphQLSchema, log: Log) {
    this.#folder = folder;
    this.#schema = schema;
    this.#log = log;
  }

  /** Reads what changed. Does nothing while an earlier call works. */
  async look(): Promise<void> {
    if (this.#work !== null) return;
    this.#work = this.#read();
    await this.#work.finally(() => (this.#work = null));
  }

  async use(schema: GraphQLSchema): Promise<void> {
    while (this.#work !== null) await this.#work;
    this.#schema = schema;
    this.#checked = new Map();
    this.#work = this.#serve(new Set(this.#reported));
    await this.#work.finally(() => (this.#work = null));
  }

  async #read(): Promise<void> {
    const faults = new Set<string>();
    const files = await this.#readFiles(faults);
    const isSame =
      files.size === this.#files.size && [...files].every(([name, one]) => this.#files.get(name) === one);
    if (isSame) return;
    this.#files = files;
    await this.#serve(faults);
  }

  async #readFiles(faults: Set<string>): Promise<Map<string, ReadFile>> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      this.#report(`${this.#folder}: ${String(error)}; the operations read before are served`, faults);
      return null;
    });
    if (names === null) return this.#files;
    const files = new Map<string, ReadFile>();
    for (const name of names.filter((one) => /^[^.].*\.(graphql|gql|json)$/.test(one)).toSorted()) {
      const file = await this.#readOne(name, faults);
      if (file !== null) files.set(name, file);
    }
    return files;
  }

  async #readOne(name: string, faults: Set<string>): Promise<ReadFile | null> {
    const path = join(this.#folder, name);
    const known = this.#files.get(name) ?? null;
    const malformed = this.#malformed.get(name);
    let changed = '';
    try {
      const { mtimeMs, size, ino } = await stat(path);
      changed = `${mtimeMs} ${size} ${ino}`;
      if (known?.changed === changed) return known;
      if (malformed?.changed === changed) throw new Error(malformed.fault);
      if (size > max.fileBytes) throw new Error(`it is larger than ${max.fileBytes} bytes`);
      const operations = readOperations(name, await readFile(path, 'utf8'));
      this.#malformed.delete(name);
      return { changed, operations };
    } catch (error) {
      this.#malformed.set(name, { changed, fault: (error as Error).message });
      const kept = known === null ? 'none of its operations is served' : 'its last valid content is served';
      this.#report(`${path}: ${(error as Error).message}; ${kept} until the file is corrected`, faults);
      return known;
    }
  }

  /** Checks every operation, and serves the valid ones from then on. */
  async #serve(faults: Set<string>): Promise<void> {
    const ids = new Map<string, Registered>();
    const texts = new Map<string, Registered>();
    const checked = new Map<string, string | null>();
    let since = performance.now();
    for (const one of [...this.#files.values()].flatMap(({ operations }) => operations)) {
      if (performance.now() - since > checkMs) {
        await setImmediate();
        since = performance.now();
      }
      const known = this.#checked.get(one.text);
      const fault = known === undefined ? this.#faultOf(one) : known;
      checked.set(one.text, fault);
      const found = fault ?? conflictOf(one, ids) ?? (texts.size < max.operations ? null : tooMany);
      if (found !== null && one.isWhole) continue;
      if (found !== null) {
        this.#report(
          `${join(this.#folder, one.file)}: operation ${labelOf(one)} is not served: ${found}`,
          faults,
        );
        continue;
      }
      for (const id of one.ids) ids.set(id, one);
      if (!texts.has(one.text)) texts.set(one.text, one);
    }
    this.#checked = checked;
    this.#reported = faults;
    this.ids = ids;
    this.texts = texts;
    this.#log.info({ texts: texts.size, folder: this.#folder }, 'loaded the registered operations');
  }

  #faultOf({ document }: Registered): string | null {
    try {
      limitDocument(document);
    } catch (error) {
      return `${(error as Error).message}; split it`;
    }
    const [first] = validate(this.#schema, document, undefined, { maxErrors: 1 });
    if (first === undefined) return null;
    const at = first.locations?.[0];
    const place = at === undefined ? '' : ` (line ${at.line}, column ${at.column})`;
    return `${first.message}${place}; correct it by schema/published.graphql`;
  }

  /** Logs a fault that was not logged for the content before. */
  #report(message: string, faults: Set<string>): void {
    if (!this.#reported.has(message) && !faults.has(message)) this.#log.error(message);
    faults.add(message);
    this.#reported.add(message);
  }
}

const tooMany = `the folder has more than ${max.operations} documents; remove those that no client uses`;

function conflictOf(one: Registered, ids: ReadonlyMap<string, Registered>): string | null {
  const other = one.ids
    .map((id) => ids.get(id))
    .find((found) => found !== undefined && found.text !== one.text);
  return other === undefined
    ? null
    : `its id is that of another text in ${other.file}; give each text a separate id`;
}

function labelOf({ name, ids }: Registered): string {
  return name ?? (ids[0] ?? '').slice(0, 100);
}
