import { createReadStream } from 'node:fs';
import { bearsClassification } from '../record/classification.ts';
import { cutRecords, parseSlice } from './formats/forms.ts';
import { checkShape } from './formats/parse-record.ts';
import type { MapContext, Source } from './sources/source.ts';
import { RejectError } from '../record/reject.ts';
import { SplitError } from './formats/split.ts';

/** What a first pass may hold of one file, in bytes. */
export const maxCollected = 128 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * The mapping for a file: the source's own, or that of a collection from a first pass over the file. What is wrong with
 * a record, its import tells. Throws SplitError where the collection grows beyond `most`: nothing of the file is taken.
 */
export async function collectFirst<Raw>(
  source: Source<Raw>,
  file: string,
  context: MapContext,
  most: number = maxCollected,
): Promise<Pick<Source<Raw>, 'map'>> {
  const collection = source.collect?.();
  if (collection === undefined) return source;
  for await (const record of readRecords(source, file)) {
    if ('classified' in record) collection.takeClassified(record.classified);
    else collection.take(record.raw, context);
    if (collection.size > most) {
      throw new SplitError(
        `its records are named by others of the file in more than ${most} bytes: import it in parts`,
      );
    }
  }
  return collection;
}

type Read<Raw> = { readonly raw: Raw } | { readonly classified: unknown };

/** The records of a file that are whole; those behind a place where it is broken are not come to. */
async function* readRecords<Raw>(source: Source<Raw>, file: string): AsyncGenerator<Read<Raw>> {
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
  try {
    for await (const { bytes } of cutRecords(chunks, source.locate)) {
      const read = bytes === null ? null : readRecord(source, bytes);
      if (read !== null) yield read;
    }
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
}

function readRecord<Raw>({ shape, locate }: Source<Raw>, bytes: Buffer): Read<Raw> | null {
  try {
    return { raw: checkShape(parseSlice(bytes, locate), shape) };
  } catch (error) {
    if (!(error instanceof RejectError)) throw error;
    return error.reason === 'CLASSIFIED' ? readClassified(bytes) : null;
  }
}

function readClassified(bytes: Buffer): Read<never> | null {
  try {
    const classified: unknown = JSON.parse(bytes.toString('utf8'));
    return bearsClassification(classified) ? { classified } : null;
  } catch {
    return null;
  }
}
