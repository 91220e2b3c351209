import { parseRecord } from './parse-record.ts';
import { parseElement } from './parse-xml.ts';
import type { Locate } from '../sources/source.ts';
import { type Slice, splitRecords } from './split.ts';
import { splitElements } from './split-xml.ts';

/** Splits a JSON or XML file into the bytes of its records. Throws SplitError where it cannot be read further. */
export function sliceRecords(chunks: AsyncIterable<Buffer>, locate: Locate): AsyncGenerator<Slice> {
  return locate.at === 'element' ? splitElements(chunks, locate.name) : splitRecords(chunks, locate);
}

/** Parses a record's bytes. Throws RejectError if they are malformed, nested too deep, or have a member such as `__proto__`. */
export function parseSlice(bytes: Buffer, locate: Locate): unknown {
  return locate.at === 'element' ? parseElement(bytes) : parseRecord(bytes);
}
