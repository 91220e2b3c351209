import { createReadStream } from 'node:fs';
import { collectFirst } from './collect.ts';
import { findClassifiedHeader } from './header.ts';
import { type Prepared, prepare } from './prepare.ts';
import { sliceRecords, parseSlice } from './formats/forms.ts';
import { checkShape } from './formats/parse-record.ts';
import type { Progress } from '../../../schema/runtime/progress.ts';
import type { RejectFile } from './rejects.ts';
import type { Defaults, InTables, MapContext, Mapped, Source } from './sources/source.ts';
import { RejectError, type RejectReason } from '../record/reject.ts';
import { raiseSpillage, type Spilled } from './spillage.ts';
import { type Slice, SplitError } from './formats/split.ts';
import { joinTables } from './formats/tables.ts';
import type { Sink } from './target.ts';

/** The counts of an import. `broken` lists the files that could not be read to the end, with the reason. */
export type IngestReport = {
  readonly read: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly classified: number;
  readonly broken: readonly string[];
};

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

/** An import that could not continue: the counts until then, and the reason (`cause`). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly report: IngestReport;

  constructor(report: IngestReport, cause: unknown) {
    super('the import was interrupted', { cause });
    this.report = report;
  }
}

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
  readonly #count = { read: 0, added: 0, changed: 0, unchanged: 0, rejected: 0, classified: 0 };
  readonly #broken: string[] = [];
  #mapping: Pick<Source, 'map'>;

  constructor(options: IngestOptions, resolveActor: MapContext['resolveActor']) {
    this.#options = options;
    this.#mapping = options.source;
    this.#context = { defaults: options.defaults, receivedAt: options.receivedAt, resolveActor };
  }

  async take(file: string): Promise<void> {
    const { source } = this.#options;
    if (await this.#isClassified(file)) return;
    try {
      this.#mapping = await collectFirst(source, file, this.#context);
      for await (const slice of sliceRecords(this.#read(file), source.locate)) {
        await this.#takeSlice(file, slice);
      }
    } catch (error) {
      if (!(error instanceof SplitError)) throw error;
      this.#broken.push(`${file}: ${error.message}`);
    }
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
    return { ...this.#count, broken: this.#broken };
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
      for (const prepared of this.#toRecords(slice)) this.#batch.push({ prepared, file, index, offset });
      this.#bytes += slice.bytes?.length ?? 0;
    } catch (error) {
      if (!(error instanceof RejectError)) throw error;
      const { index, offset, bytes } = slice;
      if (error.reason === 'CLASSIFIED') {
        await this.#raise({ file, index, offset, bytes: bytes ?? Buffer.alloc(0) });
      } else await this.#reject({ file, index, offset }, error.reason, error.message);
    }
    if (this.#batch.length >= batchRecords || this.#bytes >= batchBytes) await this.flush();
    this.#options.progress.records(this.#count.read);
  }

  /** Returns all records that the mapping makes of one record of the file, or throws. */
  #toRecords(slice: Slice): readonly Prepared[] {
    const { source, defaults, receivedAt } = this.#options;
    if (slice.refused !== undefined) throw slice.refused;
    if (slice.bytes === null) throw new RejectError('TOO_LARGE', 'larger than the maximum of one record');
    const raw = checkShape(parseSlice(slice.bytes, source.locate), source.shape);
    return this.#map(raw).map((mapped) => prepare(mapped, defaults, source.mapping, receivedAt));
  }

  /**
   * Maps a record. If the mapping fails, the record is rejected. The error's message may quote it, so only its class
   * is kept.
   */
  #map(raw: unknown): readonly Mapped[] {
    try {
      return this.#mapping.map(raw, this.#context);
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
  ): Promise<void> {
    this.#count.rejected += 1;
    const { file, index, offset } = place;
    await this.#options.rejects.write({ file, index, offset, reason, message });
  }

  async #raise(spilled: Spilled): Promise<void> {
    this.#count.classified += 1;
    await raiseSpillage(this.#options, this.#options.source.name, spilled);
  }
}
