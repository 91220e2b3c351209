import type { Locate } from './source.ts';

/** A record of a file as its bytes: `bytes` is null where it is larger than the limit. Offsets count from 0. */
export type Slice = { readonly index: number; readonly offset: number; readonly bytes: Buffer | null };

/** Why a file cannot be read on; what was whole before has been delivered. */
export class SplitError extends Error {
  override readonly name = 'SplitError';
}

/** The largest record that is held in memory, in bytes. */
export const largestRecord = 64 * 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Cuts a JSON file into its records without parsing them: it follows strings and brackets over the bytes, so that one
 * broken record costs itself only, each has its place, and at most one is held at a time. Throws SplitError for a
 * file of another form or encoding, and after the last whole record for one that is cut off.
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  locate: Locate,
  limit: number = largestRecord,
): AsyncGenerator<Slice> {
  const splitter = new Splitter(locate, limit);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}

/**
 * What stands in a file outside its records, as text: the members beside the array, with an empty array in its place.
 * Empty where there is nothing outside. It reads the file to its end or to where it breaks, and holds no record.
 */
export async function readHeader(chunks: AsyncIterable<Buffer>, locate: Locate): Promise<string> {
  if (locate.at !== 'member') return '';
  const splitter = new Splitter(locate, 0);
  try {
    for await (const chunk of chunks) splitter.push(chunk);
  } catch (error) {
    if (!(error instanceof SplitError)) throw error;
  }
  return splitter.header();
}

/** Throws SplitError where the first bytes of a file are of another encoding than UTF-8, or packed. */
export function refuseOtherEncodings(head: Uint8Array): void {
  const [one, two] = head;
  if ((one === 0xff && two === 0xfe) || (one === 0xfe && two === 0xff) || one === 0 || two === 0) {
    throw new SplitError('expected UTF-8, got UTF-16 or UTF-32: convert the file first');
  }
  if (one === 0x1f && two === 0x8b) throw new SplitError('expected JSON, got gzip: unpack the file first');
}

/** Brackets that are open; deeper than it remembers their kinds, any closing one fits. */
class Brackets {
  depth = 0;
  readonly #kinds = new Uint8Array(1024);

  open(byte: number): void {
    this.#kinds[this.depth] = byte;
    this.depth += 1;
  }

  /** Closes down to the bracket that this byte fits, above `floor`; false where there is none. */
  close(byte: number, floor: number): boolean {
    const wanted = byte === closeBrace ? openBrace : openBracket;
    for (let depth = this.depth; depth > floor; depth -= 1) {
      if (depth <= this.#kinds.length && this.#kinds[depth - 1] !== wanted) continue;
      this.depth = depth - 1;
      return true;
    }
    return false;
  }
}

/** `seek`: before the array of records; `records`: in it; `after`: behind it. */
type Stage = 'start' | 'seek' | 'records' | 'after';

class Splitter {
  readonly #locate: Locate;
  readonly #limit: number;
  #stage: Stage = 'start';
  readonly #brackets = new Brackets();
  #inString = false;
  #escaped = false;
  /** Bytes before the chunk at hand. */
  #before = 0;
  #index = 0;
  /** Depth at which the records stand: inside of the array, or 0 where the file is one record. */
  #base = 0;
  /** Where the record at hand begins, in bytes of the file; -1 between records. */
  #from = -1;
  #record: Buffer[] = [];
  #recordBytes = 0;
  #outside: Buffer[] = [];
  #outsideBytes = 0;

  constructor(locate: Locate, limit: number) {
    this.#locate = locate;
    this.#limit = limit;
  }

  /** Takes the next bytes and gives the records that end in them. */
  push(chunk: Buffer): readonly Slice[] {
    const slices: Slice[] = [];
    let at = this.#stage === 'start' ? this.#begin(chunk) : 0;
    while (at < chunk.length) {
      if (this.#stage === 'seek') at = this.#seek(chunk, at);
      else if (this.#stage === 'records') at = this.#readRecords(chunk, at, slices);
      else at = this.#readAfter(chunk, at);
    }
    this.#before += chunk.length;
    return slices;
  }

  /** The file ends. Gives it as one record where it may be one; throws where it is cut off or of another form. */
  end(): readonly Slice[] {
    if (this.#stage === 'start') throw new SplitError('the file is empty');
    if (this.#stage === 'seek') return [this.#endAsWhole()];
    if (this.#from !== -1) {
      throw new SplitError(`the file ends inside record ${this.#index}, which begins at byte ${this.#from}`);
    }
    if (this.#stage === 'records' && this.#base > 0) {
      throw new SplitError(
        `the file ends at byte ${this.#before}, after record ${this.#index - 1}, in the list`,
      );
    }
    this.#checkOutside();
    return [];
  }

  /** What was met outside of the records; empty where no array of them was met. */
  header(): string {
    return this.#stage === 'seek' ? '' : Buffer.concat(this.#outside).toString('utf8');
  }

  /** Finds the form by the first byte that is no space. */
  #begin(chunk: Buffer): number {
    if (this.#before === 0) refuseOtherEncodings(chunk);
    let at = this.#before === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    while (at < chunk.length && isSpace(chunk[at])) at += 1;
    const first = chunk[at];
    if (first === undefined) return at;
    if (first !== openBrace && first !== openBracket) throw new SplitError('expected a JSON object or array');
    if (this.#locate.at === 'whole') this.#stage = 'records';
    else if (first === openBracket) {
      this.#brackets.open(first);
      this.#enterRecords();
      return at + 1;
    } else if (this.#locate.at === 'array') {
      throw new SplitError('expected an array of records, got an object');
    } else this.#stage = 'seek';
    return at;
  }

  /** Reads members of the top-level object up to the array of records. */
  #seek(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (byte === quote) this.#inString = true;
      else if (byte === openBrace || byte === openBracket) {
        const found =
          byte === openBracket && this.#brackets.depth === 1 && this.#isNamed(chunk, from, at - 1);
        this.#brackets.open(byte);
        if (!found) continue;
        this.#keepOutside(chunk.subarray(from, at));
        this.#enterRecords();
        return at;
      } else if (byte === closeBrace || byte === closeBracket) this.#brackets.close(byte, 0);
    }
    this.#keepOutside(chunk.subarray(from, at));
    return at;
  }

  /** Whether what stands before this place is the name of the member that holds the records. */
  #isNamed(chunk: Buffer, from: number, to: number): boolean {
    const earlier = this.#outside.at(-1)?.subarray(-256) ?? Buffer.alloc(0);
    const near = Buffer.concat([earlier, chunk.subarray(Math.max(from, to - 256), to)]).toString('utf8');
    const name = this.#locate.at === 'member' ? JSON.stringify(this.#locate.name) : '';
    const before = near.trimEnd().replace(/:$/, '').trimEnd();
    return before.endsWith(name) && !before.endsWith(`\\${name}`);
  }

  #enterRecords(): void {
    this.#stage = 'records';
    this.#base = this.#brackets.depth;
  }

  #readRecords(chunk: Buffer, start: number, slices: Slice[]): number {
    let at = start;
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      const byte = chunk[at] ?? 0;
      if (isSpace(byte)) {
        at += 1;
        continue;
      }
      if (byte === quote || byte === openBrace || byte === openBracket) {
        if (this.#from === -1) this.#from = this.#before + at;
        if (byte === quote) this.#inString = true;
        else this.#brackets.open(byte);
      } else if (byte === closeBrace || byte === closeBracket) {
        if (this.#closes(byte)) {
          if (this.#brackets.depth < this.#base) return this.#endArray(chunk, at, slices);
          if (this.#brackets.depth === this.#base) {
            slices.push(this.#finish(chunk, at + 1));
            if (this.#base === 0) return this.#leave(at + 1);
          }
        } else if (this.#from === -1) this.#from = this.#before + at;
      } else if (this.#brackets.depth === this.#base) {
        if (byte !== comma) this.#from = this.#from === -1 ? this.#before + at : this.#from;
        else if (this.#from !== -1) slices.push(this.#finish(chunk, at));
      }
      at += 1;
    }
    if (this.#from !== -1) this.#keepRecord(chunk, Math.max(0, this.#from - this.#before), at);
    return at;
  }

  /** The list's own bracket is closed by its own kind only: a brace too many costs one record. */
  #closes(byte: number): boolean {
    return this.#brackets.close(byte, byte === closeBracket ? Math.max(0, this.#base - 1) : this.#base);
  }

  #endArray(chunk: Buffer, at: number, slices: Slice[]): number {
    if (this.#from !== -1) slices.push(this.#finish(chunk, at));
    return this.#leave(at);
  }

  #leave(at: number): number {
    this.#stage = 'after';
    return at;
  }

  #readAfter(chunk: Buffer, from: number): number {
    this.#keepOutside(chunk.subarray(from));
    return chunk.length;
  }

  /** Goes to the end of the string, or of the chunk. */
  #skipString(chunk: Buffer, from: number): number {
    let at = this.#escaped ? from + 1 : from;
    this.#escaped = false;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#inString = false;
        return at + 1;
      }
      if (byte === backslash) at += 1;
    }
    this.#escaped = at > chunk.length;
    return chunk.length;
  }

  /** Ends the record at hand before `to` in this chunk. */
  #finish(chunk: Buffer, to: number): Slice {
    this.#keepRecord(chunk, Math.max(0, this.#from - this.#before), to);
    const bytes = this.#recordBytes > this.#limit ? null : Buffer.concat(this.#record);
    const slice = { index: this.#index, offset: this.#from, bytes };
    this.#index += 1;
    this.#from = -1;
    this.#record = [];
    this.#recordBytes = 0;
    return slice;
  }

  #keepRecord(chunk: Buffer, from: number, to: number): void {
    this.#recordBytes += to - from;
    if (this.#recordBytes > this.#limit) this.#record = [];
    else this.#record.push(chunk.subarray(from, to));
  }

  #keepOutside(bytes: Buffer): void {
    this.#outsideBytes += bytes.length;
    if (this.#outsideBytes > largestRecord) this.#outside = [];
    else this.#outside.push(Buffer.from(bytes));
  }

  /** The array of records is not there: the object is one record by itself, where its source has such files. */
  #endAsWhole(): Slice {
    const { depth } = this.#brackets;
    if (depth > 0 || this.#inString) {
      throw new SplitError(`the file ends at byte ${this.#before}, before its last bracket`);
    }
    if (this.#locate.at !== 'member' || this.#locate.orWhole !== true) {
      const name = this.#locate.at === 'member' ? this.#locate.name : '';
      throw new SplitError(`expected an object with an array "${name}"`);
    }
    const tooLarge = this.#outsideBytes > Math.min(this.#limit, largestRecord);
    const offset = this.#before - this.#outsideBytes;
    return { index: 0, offset, bytes: tooLarge ? null : Buffer.concat(this.#outside) };
  }

  /** What stands around the records must be JSON with one such array; otherwise records may have been passed over. */
  #checkOutside(): void {
    const text = this.header().trim();
    const { at } = this.#locate;
    if (at === 'whole' || this.#base === 1) {
      const rest = at === 'whole' ? text : text.slice(1).trim();
      if (rest !== '') throw new SplitError('expected nothing more after the records, got further bytes');
      return;
    }
    if (this.#outsideBytes > largestRecord)
      throw new SplitError('more than 64 MiB stand outside the records');
    const records = this.#locate.at === 'member' ? readMember(text, this.#locate.name) : null;
    if (!Array.isArray(records) || records.length > 0) {
      throw new SplitError('what stands around the records is no JSON object with one such array');
    }
  }
}

function readMember(text: string, name: string): unknown {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return value[name];
  } catch {
    return null;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
