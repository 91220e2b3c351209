import { createReadStream } from 'node:fs';
import { bearsClassification } from '../record/classification.ts';
import { sliceRecords, parseSlice } from './formats/forms.ts';
import { checkShape } from './formats/check-shape.ts';
import type { MapContext, Source } from './sources/source.ts';
import { RejectError } from '../record/reject.ts';
import { SplitError } from './formats/split.ts';

/** The maximum that a first pass keeps of one file, in bytes. */
export const maxCollected = 128 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Returns the mapping for a file: that of the source, or that of a collection after a first pass over the file. The
 * second pass reports faulty records. Throws SplitError if the collection exceeds `max` bytes.
 */
export async function collectFirst<Raw>(
  source: Source<Raw>,
  file: string,
  context: MapContext,
  max: number = maxCollected,
): Promise<Pick<Source<Raw>, 'map'>> {
  const collection = source.collect?.();
  if (collection === undefined) return source;
  for await (const record of readRecords(source, file)) {
    if ('classified' in record) collection.takeClassified(record.classified);
    else collection.take(record.raw, context);
    if (collection.size > max) {
      throw new SplitError(
        `its records refer to each other in more than ${max} bytes: import the file in parts`,
      );
    }
  }
  return collection;
}

type Read<Raw> = { readonly raw: Raw } | { readonly classified: unknown };

/** Yields the valid records of a file, up to the position where it is broken. */
async function* readRecords<Raw>(source: Source<Raw>, file: string): AsyncGenerator<Read<Raw>> {
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: chunkBytes });
  try {
    for await (const { bytes } of sliceRecords(chunks, source.locate)) {
      const read = bytes === null ? null : readRecord(source, bytes);
      if (read !== null) yield read;
    }
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
}

function readRecord<Raw>(source: Source<Raw>, bytes: Buffer): Read<Raw> | null {
  try {
    return { raw: checkShape(parseSlice(bytes, source.locate), source) };
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
