import type { Locate } from '../sources/source.ts';
import type { RejectError } from '../../record/reject.ts';

/**
 * The bytes of a record in a file; null if it exceeds the limits. Offsets count from 0. `refused` is set if the
 * record is refused before it is parsed.
 */
export type Slice = {
  readonly index: number;
  readonly offset: number;
  readonly bytes: Buffer | null;
  readonly refused?: RejectError;
};

/** A file cannot be read further. Complete records before the fault were delivered. */
export class SplitError extends Error {
  override readonly name = 'SplitError';
}

/** The largest record that is kept in memory, in bytes. */
export const maxRecordBytes = 64 * 1024 * 1024;
/** The maximum number of values in a record. A value takes up to 100 bytes of memory, however short it is. */
export const maxValues = 1_000_000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** A member with a longer name is not the one that is searched, in bytes. */
const maxKeyBytes = 1024;
/** Kinds of brackets are compared up to this depth. Deeper ones are only counted, because such a record is refused. */
const maxTrackedDepth = 1024;

/**
 * Splits a JSON file into its records without parsing them: it scans the bytes for strings and brackets. A broken
 * record therefore affects only itself, each record has a position, and at most one is in memory. Throws SplitError
 * for another form or encoding and, after the last complete record, for a file that is truncated, has unmatched
 * brackets, or goes on after its last bracket.
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  locate: Locate,
  limit: number = maxRecordBytes,
): AsyncGenerator<Slice> {
  if (locate.at === 'tables' || locate.at === 'element') throw new TypeError('expected a JSON source');
  const splitter = new Splitter(locate, limit);
  for await (const chunk of withWholeHead(chunks)) {
    yield* splitter.push(chunk);
    if (splitter.failure !== null) throw splitter.failure;
  }
  yield* splitter.end();
}

/** Throws SplitError if the first bytes show that a file is not UTF-8 text. */
export function refuseOtherEncodings(head: Buffer): void {
  const [one, two] = head;
  if ((one === 0xff && two === 0xfe) || (one === 0xfe && two === 0xff) || one === 0 || two === 0) {
    throw new SplitError('expected UTF-8, got UTF-16 or UTF-32: convert the file first');
  }
  if (one === 0x1f && two === 0x8b) throw new SplitError('got gzip: unpack the file first');
}

/** Yields the same bytes, with at least four in the first chunk, so that a byte order mark is never split. */
export async function* withWholeHead(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === null) yield chunk;
    else {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < 4) continue;
      yield head;
      head = null;
    }
  }
  if (head !== null && head.length > 0) yield head;
}

/** `outside`: inside the top-level value, but not in the array of records. `done`: after the last bracket. */
type Stage = 'start' | 'outside' | 'records' | 'done';

class Splitter {
  /** The reason why the file cannot be read further. Records that `push` returned are complete. */
  failure: SplitError | null = null;
  readonly #locate: Locate;
  readonly #limit: number;
  readonly #open = new OpenBrackets();
  #stage: Stage = 'start';
  /** The position of the current chunk in the file. */
  #before = 0;
  #index = 0;
  #inString = false;
  #escaped = false;
  /** The depth of the records: 1 in a top-level array, 2 under a member. */
  #base = 0;
  /** Whether the array of records was found, so that the top-level object is not a record. */
  #found = false;
  /** The position of the current value in the file; -1 if there is none. */
  #from = -1;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The number of commas and brackets in the current value. */
  #values = 0;
  #whole: Slice | null = null;
  /** The last member name of the top-level object, and whether its value follows. */
  #key = '';
  #keyBytes: Buffer | null = null;
  #expectsValue = false;

  constructor(locate: Locate, limit: number) {
    this.#locate = locate;
    this.#limit = limit;
  }

  /** Returns the records that end in this chunk. Sets `failure` if the file cannot be read further. */
  push(chunk: Buffer): readonly Slice[] {
    const slices: Slice[] = [];
    try {
      this.#scan(chunk, slices);
    } catch (error) {
      if (!(error instanceof SplitError)) throw error;
      this.failure = error;
    }
    if (this.#from !== -1) this.#hold(chunk, chunk.length);
    this.#before += chunk.length;
    return slices;
  }

  /** Returns the top-level value, if it is one record. Throws SplitError if the file is truncated. */
  end(): readonly Slice[] {
    if (this.#stage === 'start') throw new SplitError('the file is empty');
    if (this.#stage === 'records' && this.#from !== -1) {
      throw new SplitError(`the file ends inside record ${this.#index}, which begins at byte ${this.#from}`);
    }
    if (this.#stage !== 'done') {
      throw new SplitError(`the file ends at byte ${this.#before} before its last bracket`);
    }
    if (this.#whole !== null) return [this.#whole];
    if (this.#found) return [];
    throw new SplitError(`expected an object with an array "${this.#member()}"`);
  }

  #scan(chunk: Buffer, slices: Slice[]): void {
    let at = this.#stage === 'start' ? this.#begin(chunk) : 0;
    while (at < chunk.length) {
      if (this.#inString) at = this.#skipString(chunk, at);
      else if (this.#stage === 'records') at = this.#stepInRecords(chunk, at, slices);
      else at = this.#stepOutside(chunk, at);
    }
  }

  /** Checks the encoding, and whether the first byte after spaces opens an object or an array. */
  #begin(chunk: Buffer): number {
    if (this.#before === 0) refuseOtherEncodings(chunk);
    let at = this.#before === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    while (at < chunk.length && isSpace(chunk[at])) at += 1;
    if (at >= chunk.length) return at;
    const first = chunk[at] ?? 0;
    if (first !== openBrace && first !== openBracket) throw new SplitError('expected a JSON object or array');
    if (this.#locate.at === 'array' && first !== openBracket)
      throw new SplitError('expected an array of records, got an object');
    this.#open.push(first);
    this.#stage = 'outside';
    if (this.#mayBeWhole()) this.#from = this.#before + at;
    if (first === openBracket && this.#locate.at !== 'whole') this.#enterRecords();
    return at + 1;
  }

  /** Reads one byte outside strings and records. */
  #stepOutside(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    const onTop = this.#open.depth === 1;
    if (this.#stage === 'done') {
      if (!isSpace(byte))
        throw new SplitError(
          `expected the end of the file after the last bracket, got more at byte ${this.#before + at}`,
        );
    } else if (byte === quote) {
      if (onTop && !this.#expectsValue) this.#keyBytes = Buffer.alloc(0);
      this.#inString = true;
    } else if (byte === colon && onTop) this.#expectsValue = true;
    else if (byte === comma) {
      this.#values += 1;
      if (onTop) this.#expectsValue = false;
    } else if (byte === openBracket || byte === openBrace) {
      this.#values += 1;
      const starts = onTop && byte === openBracket && this.#expectsValue && this.#key === this.#member();
      this.#open.push(byte);
      if (starts) this.#enterRecords();
    } else if (byte === closeBracket || byte === closeBrace) {
      this.#close(byte, at);
      if (this.#open.depth === 0) this.#leave(chunk, at);
    }
    return at + 1;
  }

  #leave(chunk: Buffer, at: number): void {
    this.#stage = 'done';
    if (this.#from !== -1) this.#whole = this.#finish(chunk, at + 1);
  }

  /** Scans records up to a string, or to the end of the array or the chunk. */
  #stepInRecords(chunk: Buffer, start: number, slices: Slice[]): number {
    const { length } = chunk;
    const open = this.#open;
    for (let at = start; at < length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#from === -1) {
        if (isSpace(byte) || byte === comma) continue;
        if (byte !== closeBracket && byte !== closeBrace) this.#from = this.#before + at;
      }
      if (byte === quote) {
        this.#inString = true;
        return at + 1;
      }
      if (byte === openBrace || byte === openBracket) {
        this.#values += 1;
        open.push(byte);
      } else if (byte === closeBrace || byte === closeBracket) {
        if (open.depth === this.#base) return this.#endRecords(chunk, at, slices);
        this.#close(byte, at);
        if (open.depth === this.#base) slices.push(this.#finish(chunk, at + 1));
      } else if (byte === comma) {
        this.#values += 1;
        if (open.depth === this.#base) slices.push(this.#finish(chunk, at));
      }
    }
    return length;
  }

  #endRecords(chunk: Buffer, at: number, slices: Slice[]): number {
    this.#close(chunk[at] ?? 0, at);
    if (this.#from !== -1) slices.push(this.#finish(chunk, at));
    this.#stage = this.#open.depth === 0 ? 'done' : 'outside';
    return at + 1;
  }

  #close(byte: number, at: number): void {
    if (this.#open.pop(byte)) return;
    const inside = this.#stage === 'records' && this.#from !== -1;
    const record = inside ? ` in record ${this.#index}, which begins at byte ${this.#from}` : '';
    throw new SplitError(`unmatched bracket at byte ${this.#before + at}${record}`);
  }

  /** Scans to the end of the current string. An escaped quote does not end it. */
  #skipString(chunk: Buffer, from: number): number {
    const { length } = chunk;
    let at = from;
    if (this.#escaped && at < length) {
      this.#escaped = false;
      at += 1;
    }
    for (; at < length; at += 1) {
      const byte = chunk[at];
      if (byte === backslash) at += 1;
      else if (byte === quote) break;
    }
    this.#escaped = at > length;
    this.#inString = at >= length;
    if (this.#keyBytes !== null) this.#readKey(chunk.subarray(from, at));
    return Math.min(at + 1, length);
  }

  #readKey(bytes: Buffer): void {
    const soFar = Buffer.concat([this.#keyBytes ?? bytes, bytes]).subarray(0, maxKeyBytes);
    this.#keyBytes = this.#inString ? soFar : null;
    if (!this.#inString) this.#key = unescapeKey(soFar.toString('utf8'));
  }

  #enterRecords(): void {
    this.#stage = 'records';
    this.#base = this.#open.depth;
    this.#found = true;
    this.#expectsValue = false;
    this.#drop();
  }

  /** Ends the current value before `to` in this chunk. */
  #finish(chunk: Buffer, to: number): Slice {
    this.#hold(chunk, to);
    const bytes = this.#isTooLarge() ? null : join(this.#held);
    const slice = { index: this.#index, offset: this.#from, bytes };
    this.#index += 1;
    this.#drop();
    return slice;
  }

  #hold(chunk: Buffer, to: number): void {
    const from = Math.max(0, this.#from - this.#before);
    this.#heldBytes += to - from;
    if (this.#isTooLarge()) this.#held = [];
    else this.#held.push(chunk.subarray(from, to));
  }

  #drop(): void {
    this.#from = -1;
    this.#held = [];
    this.#heldBytes = 0;
    this.#values = 0;
  }

  #isTooLarge(): boolean {
    return this.#heldBytes > this.#limit || this.#values > maxValues;
  }

  #mayBeWhole(): boolean {
    return this.#locate.at === 'whole' || (this.#locate.at === 'member' && this.#locate.orWhole === true);
  }

  #member(): string | null {
    return this.#locate.at === 'member' ? this.#locate.name : null;
  }
}

/** The open brackets, so that one of the wrong kind is found at its position. */
class OpenBrackets {
  depth = 0;
  readonly #kinds = new Uint8Array(maxTrackedDepth);

  push(bracket: number): void {
    if (this.depth < maxTrackedDepth) this.#kinds[this.depth] = bracket;
    this.depth += 1;
  }

  /** Closes the innermost bracket. Returns false if it is of the other kind, or if none is open. */
  pop(bracket: number): boolean {
    this.depth -= 1;
    // In ASCII, the code of a closing bracket is that of the opening one plus two.
    return this.depth >= maxTrackedDepth || this.#kinds[this.depth] === bracket - 2;
  }
}

/** Concatenates the parts. A single part is not copied. */
function join(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

function unescapeKey(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
