import {
  maxRecordBytes,
  maxValues,
  refuseOtherEncodings,
  type Slice,
  SplitError,
  withWholeHead,
} from './split.ts';

/** The maximum outside the records, in bytes. Adjacent spaces count once. */
const maxOutside = 2 * 1024 * 1024;
/** The maximum length of a tag name or an XML declaration that is recognised, in bytes. */
const maxHeadBytes = 1024;

const lessThan = 0x3c;
const greaterThan = 0x3e;
const slash = 0x2f;

/**
 * Splits an XML file (1.0, UTF-8) into its elements of one name without parsing them: it scans the bytes for tags,
 * quotes, comments and CDATA. A broken record therefore affects only itself, each record has a position, and at most
 * one is in memory. A record ends with its end tag, or where the next one begins. Throws SplitError for another form
 * or encoding, for a document type declaration, and after the last complete record of a truncated file.
 */
export async function* splitElements(
  chunks: AsyncIterable<Buffer>,
  element: string,
  limit: number = maxRecordBytes,
): AsyncGenerator<Slice> {
  const splitter = new XmlSplitter(element, limit);
  for await (const chunk of withWholeHead(chunks)) {
    yield* splitter.push(chunk);
    if (splitter.failure !== null) throw splitter.failure;
  }
  splitter.end();
}

/** Returns the content of an XML file outside its records, up to a fault. Adjacent spaces become one. */
export async function readOutside(chunks: AsyncIterable<Buffer>, element: string): Promise<Buffer> {
  const splitter = new XmlSplitter(element, 0);
  for await (const chunk of withWholeHead(chunks)) {
    splitter.push(chunk);
    if (splitter.failure !== null) break;
  }
  return splitter.outside();
}

/** The ends of the kinds of markup that contain no tags. */
const closings = { comment: '-->', cdata: ']]>', instruction: '?>', declaration: '>' } as const;
type Enclosed = keyof typeof closings;

/** The result of a step that needs the next chunk. */
const needsMore = -1;

class XmlSplitter {
  /** The reason why the file cannot be read further. Records that `push` returned are complete. */
  failure: SplitError | null = null;
  readonly #element: string;
  readonly #limit: number;
  #state: 'text' | 'tag' | Enclosed = 'text';
  /** The number of bytes that were scanned, and the bytes after them that wait for the next chunk. */
  #before = 0;
  #waiting: Buffer = Buffer.alloc(0);
  /** The current tag: its open quote (0 if none), the previous byte, and the effect of its end. */
  #quote = 0;
  #last = 0;
  #tag: 'begins' | 'ends' | 'opens' | 'closes' | 'none' = 'none';
  /** The number of open elements outside records. */
  #depth = 0;
  #isBegun = false;
  #isDone = false;
  #isFound = false;
  #index = 0;
  #inRecord = false;
  /** The position of the current record, and the position up to which bytes were kept. */
  #recordAt = 0;
  #kept = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #values = 0;
  readonly #outside: Buffer[] = [];
  #outsideBytes = 0;

  constructor(element: string, limit: number) {
    this.#element = element;
    this.#limit = limit;
  }

  /** Returns the records that end in this chunk. Sets `failure` if the file cannot be read further. */
  push(more: Buffer): readonly Slice[] {
    const slices: Slice[] = [];
    const chunk = this.#waiting.length === 0 ? more : Buffer.concat([this.#waiting, more]);
    try {
      const scanned = this.#scan(chunk, slices);
      this.#keep(chunk, this.#before + scanned);
      this.#before += scanned;
      this.#waiting = chunk.subarray(scanned);
    } catch (error) {
      if (!(error instanceof SplitError)) throw error;
      this.failure = error;
      if (!this.#inRecord) this.#outside.push(chunk.subarray(this.#kept - this.#before));
    }
    return slices;
  }

  /** Throws SplitError if the file is truncated, or has no element of the name. */
  end(): void {
    if (!this.#isBegun) throw new SplitError('the file is empty');
    if (this.#inRecord)
      throw new SplitError(
        `the file ends inside record ${this.#index}, which begins at byte ${this.#recordAt}`,
      );
    if (!this.#isDone || this.#state !== 'text' || this.#waiting.length > 0)
      throw new SplitError(
        `the file ends at byte ${this.#before + this.#waiting.length} before its last tag`,
      );
    if (!this.#isFound) throw new SplitError(`expected XML with elements "${this.#element}"`);
  }

  outside(): Buffer {
    return Buffer.concat(this.#outside);
  }

  /** Scans a chunk. Returns the position up to which it could; the rest needs the next chunk. */
  #scan(chunk: Buffer, slices: Slice[]): number {
    let at = this.#before === 0 ? skipMark(chunk) : 0;
    while (at < chunk.length) {
      const next = this.#stepFrom(chunk, at, slices);
      if (next === needsMore) break;
      at = next;
    }
    return at;
  }

  #stepFrom(chunk: Buffer, at: number, slices: Slice[]): number {
    if (this.#state === 'tag') return this.#stepInTag(chunk, at, slices);
    if (this.#state !== 'text') return this.#skipEnclosed(chunk, at, closings[this.#state]);
    return chunk[at] === lessThan ? this.#beginMarkup(chunk, at, slices) : this.#skipText(chunk, at);
  }

  #skipText(chunk: Buffer, from: number): number {
    const found = chunk.indexOf(lessThan, from);
    const end = found === -1 ? chunk.length : found;
    const isBare = !this.#inRecord && this.#depth === 0;
    const text = isBare ? chunk.subarray(from, end).findIndex((byte) => !isSpace(byte)) : -1;
    if (text !== -1) throw this.#unexpected(from + text);
    return end;
  }

  /** Reads the start of markup, at `<`. */
  #beginMarkup(chunk: Buffer, at: number, slices: Slice[]): number {
    const head = chunk.subarray(at + 1, at + 1 + maxHeadBytes).toString('latin1');
    if (head === '' || isPart(head, '!--') || isPart(head, '![CDATA[')) return needsMore;
    this.#isBegun = true;
    this.#values += 1;
    if (head.startsWith('!--')) return this.#enter('comment', at + 4);
    if (head.startsWith('![CDATA[')) return this.#enter('cdata', at + 9);
    if (head.startsWith('?')) return this.#beginInstruction(head, at);
    if (head.startsWith('!')) return this.#beginDeclaration(at);
    const end = head.slice(1).search(/[\s/><]/);
    if (end === -1 && head.length < maxHeadBytes) return needsMore;
    this.#beginTag(head.slice(0, end + 1), chunk, at, slices);
    return at + 1 + Math.max(0, end);
  }

  #enter(state: Enclosed, next: number): number {
    this.#state = state;
    return next;
  }

  #beginInstruction(head: string, at: number): number {
    const isDeclaration = this.#before + at <= bomBytes && (isPart(head, '?xml ') || /^\?xml\s/.test(head));
    if (isDeclaration) {
      if (!head.includes('?>') && head.length < maxHeadBytes) return needsMore;
      checkDeclaration(head);
    }
    return this.#enter('instruction', at + 2);
  }

  /** Inside a record, the parser refuses that record. Elsewhere the file is refused. */
  #beginDeclaration(at: number): number {
    if (!this.#inRecord) throw new SplitError('a document type declaration (DTD): such files are refused');
    return this.#enter('declaration', at + 2);
  }

  #skipEnclosed(chunk: Buffer, from: number, closing: string): number {
    const found = chunk.indexOf(closing, from);
    if (found === -1) {
      const scanned = chunk.length - closing.length + 1;
      return scanned > from ? scanned : needsMore;
    }
    this.#state = 'text';
    return found + closing.length;
  }

  #beginTag(name: string, chunk: Buffer, at: number, slices: Slice[]): void {
    const isEnd = name.startsWith('/');
    const local = name.slice(name.indexOf(':') + 1).replace(/^\//, '');
    if (local === this.#element) {
      if (!isEnd) this.#beginRecord(chunk, at, slices);
      this.#tag = isEnd ? 'ends' : 'begins';
    } else if (this.#inRecord) this.#tag = 'none';
    else {
      if (this.#isDone) throw this.#unexpected(at);
      this.#tag = isEnd ? 'closes' : 'opens';
    }
    this.#state = 'tag';
    this.#quote = 0;
    this.#last = 0;
  }

  /** Scans to the end of a tag. `<` is not allowed inside a tag, so it means that the tag was not closed. */
  #stepInTag(chunk: Buffer, from: number, slices: Slice[]): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === lessThan) {
        this.#state = 'text';
        return at;
      }
      if (this.#quote !== 0) {
        if (byte === this.#quote) this.#quote = 0;
      } else if (byte === 0x22 || byte === 0x27) {
        this.#quote = byte;
        this.#values += 1;
      } else if (byte === greaterThan) {
        this.#endTag(chunk, at, slices);
        return at + 1;
      }
      this.#last = byte;
    }
    return chunk.length;
  }

  #endTag(chunk: Buffer, at: number, slices: Slice[]): void {
    const isEmpty = this.#last === slash;
    this.#state = 'text';
    if (this.#tag === 'ends' || (this.#tag === 'begins' && isEmpty)) {
      if (!this.#inRecord) throw this.#unexpected(at);
      slices.push(this.#finish(chunk, this.#before + at + 1));
    } else if (this.#tag === 'opens' && !isEmpty) this.#depth += 1;
    else if (this.#tag === 'closes') {
      this.#depth -= 1;
      if (this.#depth < 0) throw this.#unexpected(at);
    }
    this.#isDone = this.#depth === 0 && this.#tag !== 'begins';
  }

  #beginRecord(chunk: Buffer, at: number, slices: Slice[]): void {
    if (this.#depth === 0) throw this.#unexpected(at);
    if (this.#inRecord) slices.push(this.#finish(chunk, this.#before + at));
    this.#keep(chunk, this.#before + at);
    this.#inRecord = true;
    this.#recordAt = this.#before + at;
    this.#isFound = true;
    this.#values = 0;
  }

  #finish(chunk: Buffer, to: number): Slice {
    this.#keep(chunk, to);
    const bytes = this.#isTooLarge() ? null : Buffer.concat(this.#held);
    const slice = { index: this.#index, offset: this.#recordAt, bytes };
    this.#index += 1;
    this.#inRecord = false;
    this.#held = [];
    this.#heldBytes = 0;
    return slice;
  }

  /** Keeps the bytes up to a position, either for the current record or for the content outside records. */
  #keep(chunk: Buffer, to: number): void {
    const bytes = chunk.subarray(this.#kept - this.#before, to - this.#before);
    this.#kept = to;
    if (this.#inRecord) {
      this.#heldBytes += bytes.length;
      if (this.#isTooLarge()) this.#held = [];
      else this.#held.push(bytes);
      return;
    }
    const known = bytes.every(isSpace) ? oneSpace : bytes;
    if (bytes.length === 0 || (known === oneSpace && this.#outside.at(-1) === oneSpace)) return;
    this.#outside.push(known);
    this.#outsideBytes += known.length;
    if (this.#outsideBytes > maxOutside)
      throw new SplitError(`expected at most ${maxOutside} bytes outside the records`);
  }

  #isTooLarge(): boolean {
    return this.#heldBytes > this.#limit || this.#values > maxValues;
  }

  #unexpected(at: number): SplitError {
    const place = this.#before + at;
    return new SplitError(`expected XML with elements "${this.#element}", got another form at byte ${place}`);
  }
}

const bomBytes = 3;
const oneSpace = Buffer.from(' ');

function skipMark(chunk: Buffer): number {
  refuseOtherEncodings(chunk);
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? bomBytes : 0;
}

function checkDeclaration(head: string): void {
  const declared = /^\?xml\s+version\s*=\s*["']([^"']*)["'](?:\s+encoding\s*=\s*["']([^"']*)["'])?/.exec(
    head,
  );
  if (declared?.[1] !== '1.0') throw new SplitError('expected XML 1.0, got another version');
  if (!/^(utf-?8|us-ascii)$/i.test(declared[2] ?? 'utf-8'))
    throw new SplitError('expected UTF-8, got another encoding: convert the file first');
}

/** Returns whether `head` is a proper start of `whole`. */
function isPart(head: string, whole: string): boolean {
  return head.length < whole.length && whole.startsWith(head);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
