import { createHmac } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { bearsClassification } from './classified.ts';
import { type Prepared, prepare } from './label.ts';
import { checkShape, parseRecord } from './parse-record.ts';
import type { Progress } from './progress.ts';
import type { RejectFile } from './rejects.ts';
import { type Defaults, type MapContext, RejectError, type RejectReason, type Source } from './source.ts';
import { type Slice, SplitError, splitRecords } from './split.ts';
import type { Target } from './target.ts';

/** What an import came to. `broken` names files that could not be read to their end, with why. */
export type IngestReport = {
  readonly read: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly classified: number;
  readonly broken: readonly string[];
};

/** Everything that an import needs from outside. */
export type IngestOptions = {
  readonly source: Source;
  readonly files: readonly string[];
  readonly defaults: Defaults;
  readonly target: Target;
  readonly rejects: RejectFile;
  readonly progress: Progress;
  /** Raises the alarm for a classified record, in words without any content. */
  readonly alarm: (words: string) => void;
  readonly receivedAt: Date;
};

const batchRecords = 1000;
const batchBytes = 8 * 1024 * 1024;

/**
 * Takes files into a community's store: streaming, in batches, each record by itself. A bad one goes to the reject
 * file with its place, and the rest goes on. Safe to kill and run again. Rejects only where the store or the disk
 * fails; what was written before stays, and running it again goes on from there.
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const run = new Run(options, await options.target.loadActors());
  for (const file of options.files) await run.take(file);
  return await run.finish();
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

  constructor(options: IngestOptions, resolveActor: MapContext['resolveActor']) {
    this.#options = options;
    this.#context = { defaults: options.defaults, receivedAt: options.receivedAt, resolveActor };
  }

  async take(file: string): Promise<void> {
    try {
      for await (const slice of splitRecords(this.#read(file), this.#options.source.locate)) {
        await this.#takeSlice(file, slice);
      }
    } catch (error) {
      if (!(error instanceof SplitError)) throw error;
      this.#broken.push(`${file}: ${error.message}`);
    }
  }

  async finish(): Promise<IngestReport> {
    await this.#flush();
    await this.#writing;
    this.#options.progress.stop();
    return { ...this.#count, broken: this.#broken };
  }

  async *#read(file: string): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      this.#options.progress.read((chunk as Buffer).length);
      yield chunk as Buffer;
    }
  }

  async #takeSlice(file: string, slice: Slice): Promise<void> {
    this.#count.read += 1;
    try {
      const records = this.#toRecords(slice);
      this.#batch.push(
        ...records.map((prepared) => ({ prepared, file, index: slice.index, offset: slice.offset })),
      );
      this.#bytes += slice.bytes?.length ?? 0;
    } catch (error) {
      if (!(error instanceof RejectError)) throw error;
      if (error.reason === 'CLASSIFIED') await this.#raise(file, slice);
      else await this.#reject({ file, ...slice }, error.reason, error.message);
    }
    if (this.#batch.length >= batchRecords || this.#bytes >= batchBytes) await this.#flush();
    this.#options.progress.records(this.#count.read);
  }

  /** All records that one of the file makes, or none of them. */
  #toRecords(slice: Slice): readonly Prepared[] {
    const { source, defaults, receivedAt } = this.#options;
    if (slice.bytes === null) throw new RejectError('TOO_LARGE', 'larger than one record may be');
    const value = parseRecord(slice.bytes);
    if (bearsClassification(value)) throw new RejectError('CLASSIFIED', 'a classified record');
    const raw = checkShape(value, source.shape);
    return source
      .map(raw, this.#context)
      .map((mapped) => prepare(mapped, defaults, source.mapping, receivedAt));
  }

  /** Hands the batch over and goes on reading while it is written: one batch is under way at most. */
  async #flush(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    if (batch.length === 0) return;
    this.#writing = this.#write(batch);
    // The failure is met where it is awaited next; until then it must not end the process.
    this.#writing.catch(() => undefined);
  }

  async #write(batch: readonly Placed[]): Promise<void> {
    const { target, receivedAt } = this.#options;
    const written = await target.write(
      batch.map((placed) => placed.prepared),
      receivedAt,
    );
    this.#count.added += written.added;
    this.#count.changed += written.changed;
    this.#count.unchanged += written.unchanged;
    for (const { at, reason, message } of written.refused) {
      const placed = batch[at];
      if (placed !== undefined) await this.#reject(placed, reason, message);
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

  /** A classified record: its place, time, feed and keyed hash are kept; its content is nowhere. */
  async #raise(file: string, slice: Slice): Promise<void> {
    const { target, source, rejects, alarm } = this.#options;
    this.#count.classified += 1;
    const hmac = createHmac('sha256', await target.spillageKey())
      .update(slice.bytes ?? '')
      .digest('hex');
    const at = new Date();
    const spillage = { file, index: slice.index, offset: slice.offset, feed: source.name, hmac };
    await target.recordSpillage({ ...spillage, at });
    await rejects.write({
      ...spillage,
      at: at.toISOString(),
      reason: 'CLASSIFIED',
      message: 'refused unread',
    });
    alarm(
      `SPILLAGE: a classified record arrived by ${source.name} (${file}, record ${slice.index}, byte ${slice.offset}). ` +
        'Nothing of it was kept here. Tell the local security authority, and secure the file.',
    );
  }
}
