import { createReadStream } from 'node:fs';
import { normaliseName } from '../../../schema/record/keys.ts';
import { collectFirst } from './collect.ts';
import { findClassifiedHeader, readHeader } from './header.ts';
import { type Prepared, prepare } from './prepare.ts';
import { sliceRecords, parseSlice } from './formats/forms.ts';
import { checkShape } from './formats/check-shape.ts';
import { Positions } from './formats/positions.ts';
import type { Progress } from '../../../schema/runtime/progress.ts';
import type { RejectFile } from './rejects.ts';
import { type IngestReport, Interrupted, isClosed, isLoggable } from './report.ts';
import type {
  Collection,
  Defaults,
  Edition,
  FieldFault,
  InTables,
  MapContext,
  Mapped,
  Source,
} from './sources/source.ts';
import { quote } from '../record/marking-tag.ts';
import { RejectError, type RejectReason, type TextPlace } from '../record/reject.ts';
import { raiseSpillage, type Spilled } from './spillage.ts';
import { type Slice, SplitError } from './formats/split.ts';
import { joinTables } from './formats/tables.ts';
import type { Sink } from './target.ts';

/** The input and the dependencies of an import. */
export type IngestOptions = {
  readonly source: Source;
  readonly files: readonly string[];
  readonly defaults: Defaults;
  readonly target: Sink;
  readonly rejects: RejectFile;
  readonly progress: Progress;
  /** Raises the alarm for a classified record. The message has no content of it. */
  readonly alarm: (message: string) => void;
  readonly receivedAt: Date;
};

const batchRecords = 1000;
const batchBytes = 4 * 1024 * 1024;

/**
 * Imports files into a community's store as a stream of batches. A faulty record goes to the reject file with its
 * position, and the import continues. Throws Interrupted if the store, the disk or a file fails. Finished batches stay,
 * so an import that failed or was killed can be run again and continues with the rest.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const run = new Run(options, options.source.resolves ? await options.target.loadActors() : refuseToResolve);
  try {
    const { locate } = options.source;
    if (locate.at === 'tables') await run.takeTables(options.files, locate);
    else for (const file of options.files) await run.take(file);
    await run.flush();
    await run.settle();
    return run.report();
  } catch (error) {
    await run.settle().catch(() => undefined);
    throw new Interrupted(run.report(), error);
  } finally {
    options.progress.stop();
  }
}

function refuseToResolve(): never {
  throw new Error('expected a source with `resolves: true`');
}

/** The maximum number of types that are counted separately. A file can have any number. */
const maxTypes = 50;

function asJson(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

type Placed = {
  readonly prepared: Prepared;
  readonly file: string;
  readonly index: number;
  readonly offset: number;
};

class Run {
  readonly #options: IngestOptions;
  readonly #context: MapContext;
  #batch: Placed[] = [];
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();
  readonly #count = {
    read: 0,
    added: 0,
    changed: 0,
    unchanged: 0,
    older: 0,
    withdrawn: 0,
    rejected: 0,
    faults: 0,
    partial: 0,
    classified: 0,
    closed: 0,
  };
  readonly #skipped = new Map<string, number>();
  readonly #broken: string[] = [];
  readonly #notes: string[] = [];
  /** The names that were resolved in the current record of the file, by the key of their actor. */
  readonly #actorNames = new Map<string, Set<string>>();
  /** The names that a first pass over the current file resolved, by the key of their actor. */
  #collectedNames: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  readonly #positions = new Map<string, Positions>();
  #mapping: Pick<Source, 'map'>;
  #edition: Edition | null = null;

  constructor(options: IngestOptions, resolveActor: MapContext['resolveActor']) {
    this.#options = options;
    this.#mapping = options.source;
    const resolve = (name: string): string | null => {
      const key = resolveActor(name);
      const normal = key === null || key.startsWith('ThreatActor:name:') ? null : normaliseName(name);
      if (key !== null && normal !== null)
        this.#actorNames.set(key, (this.#actorNames.get(key) ?? new Set()).add(normal));
      return key;
    };
    this.#context = { defaults: options.defaults, receivedAt: options.receivedAt, resolveActor: resolve };
  }

  async take(file: string): Promise<void> {
    const { source, target, defaults } = this.#options;
    if (await this.#isClassified(file)) return;
    try {
      this.#actorNames.clear();
      this.#mapping = await collectFirst(source, file, this.#context);
      this.#collectedNames = new Map(this.#actorNames);
      this.#edition = await this.#editionOf(file);
      const isOlder = this.#edition !== null && (await target.isOlder(this.#edition, defaults.originator));
      const faulty = this.#count.rejected + this.#count.classified;
      for await (const slice of sliceRecords(this.#read(file), source.locate)) {
        if (isOlder) this.#leaveOut();
        else await this.#takeSlice(file, slice);
      }
      if (isOlder) this.#notes.push(`${file}: left out, because the store has a newer version of it`);
      else await this.#closeEdition(file, faulty);
    } catch (error) {
      if (!(error instanceof SplitError)) throw error;
      this.#broken.push(`${file}: ${error.message}`);
    } finally {
      this.#edition = null;
    }
  }

  async #editionOf(file: string): Promise<Edition | null> {
    const { source } = this.#options;
    const collection = this.#mapping as Partial<Collection<unknown>>;
    if (this.#mapping !== source && collection.edition !== undefined) return collection.edition();
    if (source.edition === undefined) return null;
    const outside = await readHeader(file, source.locate);
    return outside === null ? null : source.edition(outside.toString('utf8'));
  }

  #leaveOut(): void {
    this.#count.read += 1;
    this.#count.older += 1;
  }

  /** Withdraws the records that the file does not have any more, unless some of its records could not be read. */
  async #closeEdition(file: string, faulty: number): Promise<void> {
    const { target, defaults } = this.#options;
    if (this.#edition === null) return;
    await this.flush();
    await this.settle();
    const isPartial = this.#count.rejected + this.#count.classified > faulty;
    this.#count.withdrawn += await target.closeEdition(this.#edition, defaults, isPartial);
    if (isPartial)
      this.#notes.push(
        `${file}: some of its records were rejected, so no record that it does not have was withdrawn`,
      );
  }

  /** Imports the tables together. Imports none of them if one is classified. */
  async takeTables(files: readonly string[], locate: InTables): Promise<void> {
    for (const file of files) if (await this.#isClassified(file)) return;
    const tables = files.map((file) => ({ file, chunks: this.#read(file) }));
    try {
      for await (const { file, slice } of joinTables(tables, locate)) await this.#takeSlice(file, slice);
    } catch (error) {
      if (!(error instanceof SplitError)) throw error;
      this.#broken.push(error.message);
    }
  }

  /** Returns whether a file is classified outside its records, and raises the alarm if it is. */
  async #isClassified(file: string): Promise<boolean> {
    const header = await findClassifiedHeader(file, this.#options.source.locate);
    if (header === null) return false;
    await this.#raise({ file, index: -1, offset: 0, bytes: header });
    return true;
  }

  report(): IngestReport {
    const skipped = Object.fromEntries(
      [...this.#skipped].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    );
    return { ...this.#count, skipped, broken: this.#broken, notes: this.#notes };
  }

  /** Starts to write the batch, so that reading continues meanwhile. At most one batch is being written. */
  async flush(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    if (batch.length === 0) return;
    this.#writing = this.#write(batch);
    // The next await reports the failure. Without this handler it would end the process before.
    this.#writing.catch(() => undefined);
  }

  /** Waits until the current batch is written. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async *#read(file: string): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      this.#options.progress.read((chunk as Buffer).length);
      yield chunk as Buffer;
    }
  }

  async #takeSlice(file: string, slice: Slice): Promise<void> {
    this.#count.read += 1;
    try {
      const { index, offset } = slice;
      const faults: FieldFault[] = [];
      const records = this.#toRecords(slice, faults);
      for (const prepared of records) this.#batch.push({ prepared, file, index, offset });
      this.#count.closed += records.filter(isClosed).length;
      await this.#warn({ file, index, offset }, faults, records.every(isLoggable));
      this.#bytes += slice.bytes?.length ?? 0;
    } catch (error) {
      if (!(error instanceof RejectError)) throw error;
      const { index, offset, bytes } = slice;
      if (error.reason === 'CLASSIFIED') {
        await this.#raise({ file, index, offset, bytes: bytes ?? Buffer.alloc(0) });
      } else await this.#reject({ file, index, offset }, error.reason, error.message, error.place);
    }
    if (this.#batch.length >= batchRecords || this.#bytes >= batchBytes) await this.flush();
    this.#options.progress.records(this.#count.read);
  }

  /** Returns all records that the mapping makes of one record of the file, or throws. */
  #toRecords(slice: Slice, faults: FieldFault[]): readonly Prepared[] {
    const { source, defaults, receivedAt } = this.#options;
    if (slice.refused !== undefined) throw slice.refused;
    if (slice.bytes === null) throw new RejectError('TOO_LARGE', 'larger than the maximum of one record');
    const warn = (fault: FieldFault) => void faults.push(fault);
    this.#actorNames.clear();
    const raw = checkShape(parseSlice(slice.bytes, source.locate), source, warn);
    return this.#map(raw, warn).map((mapped) =>
      prepare(this.#withActorNames(this.#inEdition(mapped)), defaults, source.mapping, receivedAt),
    );
  }

  /** Adds the names by which the actors of a record were resolved. */
  #withActorNames(mapped: Mapped): Mapped {
    const found = mapped.names.flatMap((key) => {
      const names = [this.#collectedNames, this.#actorNames].flatMap((all) => [...(all.get(key) ?? [])]);
      return [...new Set(names)].map((name) => ({ name, key }));
    });
    return found.length === 0 ? mapped : { ...mapped, actorNames: found };
  }

  #inEdition(mapped: Mapped): Mapped {
    if (this.#edition === null) return mapped;
    const { document: id, revision } = this.#edition;
    return { revision, list: id, ...mapped };
  }

  /**
   * Maps a record. If the mapping fails, the record is rejected. The error's message may quote it, so only its class
   * is kept.
   */
  #map(raw: unknown, warn: (fault: FieldFault) => void): readonly Mapped[] {
    let skipped = 0;
    const skip = (type: string): void => {
      skipped += 1;
      const name = this.#skipped.has(type) || this.#skipped.size < maxTypes ? type.slice(0, 100) : 'other';
      this.#skipped.set(name, (this.#skipped.get(name) ?? 0) + 1);
    };
    try {
      const mapped = this.#mapping.map(raw, { ...this.#context, warn, skip });
      // A collection shows some parts of its file in the records of others.
      const isAlone = this.#options.source.collect === undefined;
      if (mapped.length === 0 && skipped === 0 && isAlone) skip('without content for this community');
      return mapped;
    } catch (error) {
      if (error instanceof RejectError) throw error;
      const kind = error instanceof Error ? error.constructor.name : typeof error;
      throw new RejectError('UNMAPPABLE', `the mapping of this source failed (${kind})`);
    }
  }

  /** Writes a batch in parts, because one record of a file may become more records than a transaction can write. */
  async #write(batch: readonly Placed[]): Promise<void> {
    for (let from = 0; from < batch.length; from += batchRecords) {
      const part = batch.slice(from, from + batchRecords);
      const written = await this.#options.target.write(part.map((placed) => placed.prepared));
      this.#count.added += written.added;
      this.#count.changed += written.changed;
      this.#count.unchanged += written.unchanged;
      this.#count.older += written.older;
      this.#count.withdrawn += written.withdrawn;
      for (const { at, reason, message } of written.refused) {
        const placed = part[at];
        if (placed !== undefined) await this.#reject(placed, reason, message);
      }
    }
  }

  async #reject(
    place: { readonly file: string; readonly index: number; readonly offset: number },
    reason: RejectReason,
    message: string,
    inRecord?: TextPlace,
  ): Promise<void> {
    this.#count.rejected += 1;
    const { file, index, offset } = place;
    if (inRecord === undefined) {
      await this.#options.rejects.write({ file, index, offset, reason, message });
      return;
    }
    const positions = this.#positions.get(file) ?? new Positions(file);
    this.#positions.set(file, positions);
    const at = await positions.of(offset, inRecord);
    const where = `line ${at.line}, column ${at.column}`;
    await this.#options.rejects.write({
      file,
      index,
      offset,
      ...at,
      reason,
      message: `${message} (${where})`,
    });
  }

  /** Reports the fields that were left out. A value is shown only if everybody who may see the report may read it. */
  async #warn(
    place: { readonly file: string; readonly index: number; readonly offset: number },
    faults: readonly FieldFault[],
    isShown: boolean,
  ): Promise<void> {
    if (faults.some(({ isItem }) => isItem === true)) this.#count.partial += 1;
    for (const { path, value, message, isItem } of faults) {
      this.#count.faults += 1;
      const actual = isShown ? `, got ${quote(typeof value === 'string' ? value : asJson(value))}` : '';
      const text = `${path}: ${message}${actual}: this ${isItem === true ? 'item' : 'field'} was left out`;
      await this.#options.rejects.write({ ...place, reason: 'FIELD', message: text });
    }
  }

  async #raise(spilled: Spilled): Promise<void> {
    this.#count.classified += 1;
    await raiseSpillage(this.#options, this.#options.source.name, spilled);
  }
}
