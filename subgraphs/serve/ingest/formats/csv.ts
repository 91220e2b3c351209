import { RejectError } from '../../record/reject.ts';
import { refuseOtherEncodings, SplitError, withWholeHead } from './split.ts';

/** A row of a CSV table. `refused` is the fault of a malformed row; its cells are then those that could be read. */
export type Row = {
  /** The position of its first byte in the file. */
  readonly offset: number;
  readonly cells: readonly string[];
  readonly refused: RejectError | null;
  /** Whether it may contain the rows next to it, because a quote is missing. */
  readonly blurs: boolean;
};

/** The largest row that is kept in memory, in bytes. */
export const maxRowBytes = 16 * 1024 * 1024;
/** The maximum number of cells in a row. A cell takes up to 100 bytes of memory, however short it is. */
export const maxCells = 100_000;

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;

/**
 * Reads a CSV table (RFC 4180, UTF-8) and keeps one row at a time in memory. A malformed row affects only itself. Empty
 * lines are skipped. Throws SplitError for another encoding, and at the end of a file that ends in a quoted cell.
 */
export async function* readRows(chunks: AsyncIterable<Buffer>, maxBytes = maxRowBytes): AsyncGenerator<Row> {
  const reader = new RowReader(maxBytes);
  for await (const chunk of withWholeHead(chunks)) yield* reader.push(chunk);
  yield* reader.end();
}

/** `closing` follows a quote that either closes its cell or escapes the next quote. */
type State = 'cellStart' | 'bare' | 'quoted' | 'closing';

class RowReader {
  readonly #maxBytes: number;
  #state: State = 'cellStart';
  /** The position of the current chunk in the file. */
  #before = 0;
  #from = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
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
    if (this.#heldBytes > this.#maxBytes) this.#held = [];
    else this.#held.push(bytes);
  }

  *#finish(rest: Buffer, next: number): Generator<Row> {
    this.#hold(rest);
    const offset = this.#from;
    const isTooLong = this.#heldBytes > this.#maxBytes;
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#from = next;
    this.#state = 'cellStart';
    if (isTooLong) yield tooLong(offset, this.#maxBytes);
    else if (bytes.length > 0 && !bytes.equals(carriageReturn)) yield readRow(bytes, offset);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const carriageReturn = Buffer.from('\r');

function skipMark(chunk: Buffer): number {
  refuseOtherEncodings(chunk);
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
}

/** A quote opens a quoted cell only at its start. In an unquoted cell, `splitCells` refuses it later. */
function after(state: State, byte: number): State {
  if (state === 'quoted') return byte === quote ? 'closing' : 'quoted';
  if (byte === quote && state !== 'bare') return 'quoted';
  return byte === comma ? 'cellStart' : 'bare';
}

function tooLong(offset: number, max: number): Row {
  const refused = new RejectError('TOO_LONG', `a row longer than ${max} bytes`);
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
    return {
      text: bytes.toString('latin1'),
      refused: new RejectError('WRONG_ENCODING', 'expected text, got a NUL byte'),
    };
  }
  try {
    return { text: utf8.decode(bytes), refused: null };
  } catch {
    const refused = new RejectError('WRONG_ENCODING', 'expected UTF-8 text, got other bytes');
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
    if (!isWhole) refused = new RejectError('MALFORMED', 'a quote inside an unquoted cell');
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
