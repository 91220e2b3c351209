import { createReadStream } from 'node:fs';
import type { TextPlace } from '../../record/reject.ts';

const newline = 0x0a;

/** Finds lines and columns in one file. The offsets must ascend: the file is read once. */
export class Positions {
  readonly #file: string;
  #offset = 0;
  #line = 1;
  /** The number of characters since the last line break. */
  #column = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Returns the place of a fault in the record that begins at an offset. */
  async of(offset: number, { line, column }: TextPlace): Promise<TextPlace> {
    if (offset > this.#offset) {
      const chunks: AsyncIterable<Buffer> = createReadStream(this.#file, {
        start: this.#offset,
        end: offset - 1,
        highWaterMark: 256 * 1024,
      });
      for await (const chunk of chunks) this.#count(chunk);
      this.#offset = offset;
    }
    return { line: this.#line + line - 1, column: line === 1 ? this.#column + column : column };
  }

  #count(chunk: Buffer): void {
    for (const byte of chunk) {
      if (byte === newline) {
        this.#line += 1;
        this.#column = 0;
      } else if ((byte & 0xc0) !== 0x80) this.#column += 1;
    }
  }
}
