import { parseRecord } from './parse-record.ts';
import { parseElement } from './parse-xml.ts';
import type { Locate } from '../sources/source.ts';
import { type Slice, splitRecords } from './split.ts';
import { splitElements } from './split-xml.ts';

/** Cuts a file into its records, JSON or XML, each as its bytes. Throws SplitError where it cannot be read on. */
export function cutRecords(chunks: AsyncIterable<Buffer>, locate: Locate): AsyncGenerator<Slice> {
  return locate.at === 'element' ? splitElements(chunks, locate.name) : splitRecords(chunks, locate);
}

/** The value of a record's bytes, safe to look into. Throws RejectError. */
export function parseSlice(bytes: Buffer, locate: Locate): unknown {
  return locate.at === 'element' ? parseElement(bytes) : parseRecord(bytes);
}
