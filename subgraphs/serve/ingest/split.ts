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
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Cuts a JSON file into its records without parsing them: it follows strings and depth over the bytes, so that one
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

class Splitter {
  readonly #locate: Locate;
  readonly #limit: number;
  #stage: 'start' | 'seek' | 'records' | 'after' | 'whole' = 'start';
  /** Bytes before the chunk at hand. */
  #before = 0;
  #index = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Depth at which the elements of the record array stand. */
  #base = 0;
  /** Where the record at hand begins, in bytes of the file; -1 between records. */
  #from = -1;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The key of the top-level object that was read last, and whether its value comes next. */
  #key = '';
  #keyFrom = -1;
  #expectsValue = false;

  constructor(locate: Locate, limit: number) {
    this.#locate = locate;
    this.#limit = limit;
  }

  *push(chunk: Buffer): Generator<Slice> {
    let at = this.#stage === 'start' ? this.#begin(chunk) : 0;
    if (this.#stage === 'whole') this.#hold(chunk, at, chunk.length);
    else {
      while (at < chunk.length) {
        if (this.#inString) at = this.#skipString(chunk, at);
        else at = yield* this.#step(chunk, at);
      }
      if (this.#from !== -1) this.#hold(chunk, Math.max(0, this.#from - this.#before), chunk.length);
      else if (this.#stage === 'seek') this.#hold(chunk, 0, chunk.length);
    }
    this.#before += chunk.length;
  }

  *end(): Generator<Slice> {
    if (this.#stage === 'start') throw new SplitError('the file is empty');
    if (this.#stage === 'whole' || this.#stage === 'seek') {
      if (this.#stage === 'seek' && !this.#mayBeWhole()) throw new SplitError(this.#notFound());
      yield { index: 0, offset: 0, bytes: this.#take() };
      return;
    }
    if (this.#from !== -1) {
      throw new SplitError(`the file ends inside record ${this.#index}, which begins at byte ${this.#from}`);
    }
    if (this.#depth > 0)
      throw new SplitError(`the file ends at byte ${this.#before} before its last bracket`);
  }

  /** Checks the encoding and finds the form by the first byte that is no space. */
  #begin(chunk: Buffer): number {
    refuseOtherEncodings(chunk);
    let at = chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
    while (at < chunk.length && isSpace(chunk[at])) at += 1;
    if (at >= chunk.length) return at;
    const first = chunk[at];
    if (first !== openBrace && first !== openBracket) throw new SplitError('expected a JSON object or array');
    const wantsArray = this.#locate.at === 'array';
    if (wantsArray && first !== openBracket)
      throw new SplitError('expected an array of records, got an object');
    if (this.#locate.at === 'whole') {
      this.#stage = 'whole';
      return at;
    }
    this.#depth = 1;
    if (first === openBracket) this.#enterRecords();
    else this.#stage = 'seek';
    return at + 1;
  }

  /** One byte outside of strings. */
  *#step(chunk: Buffer, at: number): Generator<Slice, number> {
    const byte = chunk[at];
    if (this.#stage === 'records') return yield* this.#stepInRecords(chunk, at, byte);
    if (byte === quote) {
      if (this.#stage === 'seek' && this.#depth === 1 && !this.#expectsValue)
        this.#keyFrom = this.#before + at + 1;
      this.#inString = true;
    } else if (byte === colon && this.#depth === 1) this.#expectsValue = true;
    else if (byte === comma && this.#depth === 1) this.#expectsValue = false;
    else if (byte === openBracket || byte === openBrace) {
      const starts = this.#startsRecords(byte);
      this.#depth += 1;
      if (starts) this.#enterRecords();
    } else if (byte === closeBracket || byte === closeBrace) this.#depth -= 1;
    return at + 1;
  }

  *#stepInRecords(chunk: Buffer, at: number, byte: number | undefined): Generator<Slice, number> {
    const atBase = this.#depth === this.#base;
    if (atBase && (byte === comma || byte === closeBracket)) {
      if (this.#from !== -1) yield this.#finish(chunk, at);
      if (byte === closeBracket) {
        this.#depth -= 1;
        this.#stage = 'after';
      }
      return at + 1;
    }
    if (atBase && this.#from === -1 && !isSpace(byte)) this.#from = this.#before + at;
    if (byte === quote) this.#inString = true;
    else if (byte === openBrace || byte === openBracket) this.#depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      this.#depth -= 1;
      if (this.#depth < this.#base) throw new SplitError(`a bracket too many at byte ${this.#before + at}`);
      if (this.#depth === this.#base) yield this.#finish(chunk, at + 1);
    }
    return at + 1;
  }

  #skipString(chunk: Buffer, from: number): number {
    let at = from;
    for (;;) {
      if (this.#escaped) {
        this.#escaped = false;
        at += 1;
      }
      const end = chunk.indexOf(quote, at);
      const stop = end === -1 ? chunk.length : end;
      const escape = chunk.subarray(at, stop).indexOf(backslash);
      if (escape !== -1) {
        this.#escaped = true;
        at += escape + 1;
        if (at >= chunk.length) return at;
        continue;
      }
      if (end === -1) return chunk.length;
      this.#inString = false;
      this.#endKey(chunk, end);
      return end + 1;
    }
  }

  #endKey(chunk: Buffer, end: number): void {
    if (this.#keyFrom === -1) return;
    const from = this.#keyFrom - this.#before;
    const earlier = from < 0 ? Buffer.concat(this.#held).subarray(from) : Buffer.alloc(0);
    this.#key = Buffer.concat([earlier, chunk.subarray(Math.max(0, from), end)]).toString('utf8');
    this.#keyFrom = -1;
  }

  #startsRecords(byte: number): boolean {
    if (this.#stage !== 'seek' || this.#depth !== 1 || !this.#expectsValue || byte !== openBracket)
      return false;
    return this.#locate.at === 'member' && this.#key === this.#locate.name;
  }

  #enterRecords(): void {
    this.#stage = 'records';
    this.#base = this.#depth;
    this.#held = [];
    this.#heldBytes = 0;
  }

  /** Ends the record at hand before `to` in this chunk. */
  #finish(chunk: Buffer, to: number): Slice {
    this.#hold(chunk, Math.max(0, this.#from - this.#before), to);
    const slice = { index: this.#index, offset: this.#from, bytes: this.#take() };
    this.#index += 1;
    this.#from = -1;
    return slice;
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    this.#heldBytes += to - from;
    if (this.#heldBytes > this.#limit) this.#held = [];
    else this.#held.push(chunk.subarray(from, to));
  }

  #take(): Buffer | null {
    const bytes = this.#heldBytes > this.#limit ? null : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  /** A single object may be a record by itself, where the member that holds many is not there. */
  #mayBeWhole(): boolean {
    if (this.#depth > 0 || this.#inString) {
      throw new SplitError(`the file ends at byte ${this.#before} before its last bracket`);
    }
    return this.#locate.at === 'member' && this.#locate.orWhole === true;
  }

  #notFound(): string {
    const name = this.#locate.at === 'member' ? this.#locate.name : '';
    return `expected an object with an array "${name}"`;
  }
}

function refuseOtherEncodings(chunk: Buffer): void {
  const [one, two] = chunk;
  if ((one === 0xff && two === 0xfe) || (one === 0xfe && two === 0xff) || one === 0 || two === 0) {
    throw new SplitError('expected UTF-8, got UTF-16 or UTF-32: convert the file first');
  }
  if (one === 0x1f && two === 0x8b) throw new SplitError('expected JSON, got gzip: unpack the file first');
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
