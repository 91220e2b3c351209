import { RejectError } from '../../record/reject.ts';
import { refuseOtherEncodings, SplitError, withWholeHead } from './split.ts';

/** A row of a CSV table. What is wrong with it is said in `refused`; its cells are told as far as they can be. */
export type Row = {
  /** Where it begins, in bytes of the file. */
  readonly offset: number;
  readonly cells: readonly string[];
  readonly refused: RejectError | null;
  /** Whether rows next to it may have been swallowed by it. */
  readonly blurs: boolean;
};

/** The longest row that is held in memory, in bytes. */
export const longestRow = 16 * 1024 * 1024;
/** And the most cells of one: a parser needs up to a hundred bytes for each, however short it is written. */
export const maxCells = 100_000;

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;

/**
 * Reads a CSV table as RFC 4180 has it, in UTF-8, row by row over the bytes: one row is held at a time. A row that is
 * malformed costs itself. Empty lines are passed over. Throws SplitError for another encoding, and at the end of a file
 * that ends in a quoted cell.
 */
export async function* readRows(chunks: AsyncIterable<Buffer>, longest = longestRow): AsyncGenerator<Row> {
  const reader = new RowReader(longest);
  for await (const chunk of withWholeHead(chunks)) yield* reader.push(chunk);
  yield* reader.end();
}

/** `closing` is behind a quote that closes its cell, or escapes the next quote. */
type State = 'cellStart' | 'bare' | 'quoted' | 'closing';

class RowReader {
  readonly #longest: number;
  #state: State = 'cellStart';
  /** Bytes before the chunk at hand. */
  #before = 0;
  #from = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  *push(chunk: Buffer): Generator<Row> {
    let start = this.#before === 0 ? skipMark(chunk) : 0;
    if (this.#before === 0) this.#from = start;
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === lineFeed && this.#state !== 'quoted') {
        yield* this.#finish(chunk.subarray(start, at), this.#before + at + 1);
        start = at + 1;
      } else this.#state = after(this.#state, byte);
    }
    this.#hold(chunk.subarray(start));
    this.#before += chunk.length;
  }

  *end(): Generator<Row> {
    if (this.#before === 0) throw new SplitError('the file is empty');
    if (this.#state === 'quoted') {
      throw new SplitError(`the file ends in a quoted cell of the row that begins at byte ${this.#from}`);
    }
    yield* this.#finish(Buffer.alloc(0), this.#before);
  }

  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#longest) this.#held = [];
    else this.#held.push(bytes);
  }

  *#finish(rest: Buffer, next: number): Generator<Row> {
    this.#hold(rest);
    const offset = this.#from;
    const isTooLong = this.#heldBytes > this.#longest;
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#from = next;
    this.#state = 'cellStart';
    if (isTooLong) yield tooLong(offset, this.#longest);
    else if (bytes.length > 0 && !bytes.equals(carriageReturn)) yield readRow(bytes, offset);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const carriageReturn = Buffer.from('\r');

function skipMark(chunk: Buffer): number {
  refuseOtherEncodings(chunk);
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
}

/** A quote opens a cell only at its beginning; elsewhere in a bare one it is told to be malformed later. */
function after(state: State, byte: number): State {
  if (state === 'quoted') return byte === quote ? 'closing' : 'quoted';
  if (byte === quote && state !== 'bare') return 'quoted';
  return byte === comma ? 'cellStart' : 'bare';
}

function tooLong(offset: number, longest: number): Row {
  const refused = new RejectError('TOO_LONG', `a row longer than ${longest} bytes`);
  return { offset, cells: [], refused, blurs: true };
}

function readRow(bytes: Buffer, offset: number): Row {
  const { text, refused } = decode(bytes);
  const read = splitCells(text.endsWith('\r') ? text.slice(0, -1) : text);
  const why = refused ?? read.refused;
  return { offset, cells: read.cells, refused: why, blurs: read.refused !== null && text.includes('\n') };
}

function decode(bytes: Buffer): { readonly text: string; readonly refused: RejectError | null } {
  if (bytes.includes(0)) {
    return { text: bytes.toString('latin1'), refused: new RejectError('WRONG_ENCODING', 'a NUL') };
  }
  try {
    return { text: utf8.decode(bytes), refused: null };
  } catch {
    const refused = new RejectError('WRONG_ENCODING', 'bytes that are no UTF-8');
    return { text: bytes.toString('latin1'), refused };
  }
}

type Cells = { readonly cells: readonly string[]; readonly refused: RejectError | null };

function splitCells(text: string): Cells {
  const cells: string[] = [];
  let refused: RejectError | null = null;
  for (let at = 0; at <= text.length;) {
    if (cells.length === maxCells) {
      return { cells: [], refused: new RejectError('TOO_LARGE', `more than ${maxCells} cells`) };
    }
    const { cell, next, isWhole } = text[at] === '"' ? readQuoted(text, at) : readBare(text, at);
    if (!isWhole) refused = new RejectError('MALFORMED', 'a quote that stands inside a cell');
    cells.push(cell);
    at = next;
  }
  return { cells, refused };
}

type Cell = { readonly cell: string; readonly next: number; readonly isWhole: boolean };

function readBare(text: string, from: number): Cell {
  const end = text.indexOf(',', from);
  const cell = text.slice(from, end === -1 ? text.length : end);
  return { cell, next: from + cell.length + 1, isWhole: !cell.includes('"') };
}

function readQuoted(text: string, from: number): Cell {
  let end = text.indexOf('"', from + 1);
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  const to = end === -1 ? text.length : end;
  const rest = readBare(text, to + 1);
  const cell = text.slice(from + 1, to).replaceAll('""', '"') + rest.cell;
  return { cell, next: rest.next, isWhole: end !== -1 && rest.cell === '' };
}
