/** One response of HTTP/1.1, as far as the hub needs it. */
export type Response = {
  readonly status: number;
  readonly body: Buffer;
  /** Whether the connection can be used for the next request. */
  readonly isKept: boolean;
};

/** The response is not HTTP/1.1 as RFC 9112 defines it, or uses a part that the hub does not accept. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
}

type Head = {
  readonly status: number;
  readonly isKept: boolean;
  /** The bytes of the body; null if it comes in chunks. */
  readonly length: number | null;
};

const maxHeadBytes = 16 * 1024;
const maxLineBytes = 1024;
const [carriageReturn, lineFeed] = [0x0d, 0x0a];

/**
 * Reads one response from the bytes of a connection, in whatever pieces they arrive. It is strict: a response needs a
 * status of three digits and either one `content-length` or `transfer-encoding: chunked`, and nothing may follow it.
 * Whatever else a subgraph sends is an error, and its connection is not used again. `addBytes` throws if the body is too
 * large.
 */
export class ResponseReader {
  readonly #addBytes: (count: number) => void;
  readonly #body: Buffer[] = [];
  #head: Head | null = null;
  /** Bytes that are not a whole line or head yet. */
  #rest: Buffer | null = null;
  /** The bytes that are missing in the body, or in the present chunk. */
  #missing = 0;
  #chunk: 'size' | 'data' | 'end' | 'trailer' = 'size';

  constructor(addBytes: (count: number) => void) {
    this.#addBytes = addBytes;
  }

  /** Takes the next bytes. Returns the response when it is complete. Throws if it is malformed or too large. */
  take(bytes: Buffer): Response | null {
    let left = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = null;
    if (this.#head === null) {
      const end = left.indexOf('\r\n\r\n');
      if (end > maxHeadBytes || (end < 0 && left.length > maxHeadBytes))
        throw new MalformedResponse(`expected a head of at most ${maxHeadBytes} bytes`);
      if (end < 0) {
        this.#rest = left;
        return null;
      }
      this.#head = readHead(left.toString('latin1', 0, end));
      this.#missing = this.#head.length ?? 0;
      left = left.subarray(end + 4);
    }
    return this.#head.length === null ? this.#takeChunks(left, this.#head) : this.#takeBody(left, this.#head);
  }

  #takeBody(bytes: Buffer, head: Head): Response | null {
    if (bytes.length > this.#missing) throw new MalformedResponse('expected no bytes after the response');
    if (bytes.length > 0) this.#add(bytes);
    this.#missing -= bytes.length;
    return this.#missing === 0 ? this.#response(head) : null;
  }

  #takeChunks(bytes: Buffer, head: Head): Response | null {
    let left = bytes;
    while (left.length > 0) {
      if (this.#chunk === 'data') {
        const part = left.subarray(0, this.#missing);
        this.#add(part);
        this.#missing -= part.length;
        left = left.subarray(part.length);
        if (this.#missing > 0) return null;
        this.#chunk = 'end';
        continue;
      }
      const line = this.#takeLine(left);
      if (line === null) return null;
      left = left.subarray(line.length + 2);
      if (this.#takeChunkLine(line)) {
        if (left.length > 0) throw new MalformedResponse('expected no bytes after the response');
        return this.#response(head);
      }
    }
    return null;
  }

  /** Takes a line between chunks. Returns whether it is the last one. */
  #takeChunkLine(line: string): boolean {
    if (this.#chunk === 'trailer') return line === '';
    if (this.#chunk === 'end') {
      if (line !== '') throw new MalformedResponse('expected the end of a chunk, got more bytes');
      this.#chunk = 'size';
      return false;
    }
    const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new MalformedResponse('expected the size of a chunk, got another line');
    this.#missing = Number.parseInt(size, 16);
    this.#chunk = this.#missing === 0 ? 'trailer' : 'data';
    return false;
  }

  /** Returns the line at the start of the bytes; null if its end is not there yet. */
  #takeLine(bytes: Buffer): string | null {
    const end = bytes.indexOf(lineFeed);
    if (end > maxLineBytes || (end < 0 && bytes.length > maxLineBytes))
      throw new MalformedResponse(`expected a line of at most ${maxLineBytes} bytes`);
    if (end < 0) {
      this.#rest = bytes;
      return null;
    }
    if (bytes[end - 1] !== carriageReturn) throw new MalformedResponse('expected CR before LF');
    return bytes.toString('latin1', 0, end - 1);
  }

  #add(bytes: Buffer): void {
    this.#addBytes(bytes.length);
    this.#body.push(bytes);
  }

  #response({ status, isKept }: Head): Response {
    const [first, ...others] = this.#body;
    const body = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#body);
    return { status, body, isKept };
  }
}

const statusLine = /^HTTP\/1\.1 ([2-5]\d{2})(?: [^\r\n]*)?$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*([^\r\n]*?)[ \t]*$/i;

function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const status = statusLine.exec(first)?.[1];
  if (status === undefined) throw new MalformedResponse('expected a status line of HTTP/1.1');
  let [isKept, isChunked] = [true, false];
  let length: number | null = null;
  for (const line of lines) {
    const [, name = '', value = ''] = headerLine.exec(line) ?? [];
    if (name === '') throw new MalformedResponse('expected a header, got another line');
    switch (name.toLowerCase()) {
      case 'content-length':
        if (length !== null || !/^\d{1,12}$/.test(value))
          throw new MalformedResponse('expected one content-length, a number');
        length = Number(value);
        break;
      case 'transfer-encoding':
        if (isChunked || value.toLowerCase() !== 'chunked')
          throw new MalformedResponse('expected no transfer-encoding but chunked');
        isChunked = true;
        break;
      case 'content-encoding':
        if (value.toLowerCase() !== 'identity')
          throw new MalformedResponse('expected a body without encoding: none was accepted');
        break;
      case 'connection':
        if (value.toLowerCase().includes('close')) isKept = false;
        break;
    }
  }
  if (isChunked === (length !== null))
    throw new MalformedResponse('expected either content-length or transfer-encoding: chunked');
  return { status: Number(status), isKept, length };
}
