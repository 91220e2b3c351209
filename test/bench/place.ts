import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of this run alone, and what is to be ended with it. Gone at the end, and at Ctrl-C alike. */
export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly #ends: (() => Promise<void>)[] = [];
  #ended: Promise<void> | null = null;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `jcu-${name}-`));
    const stop = () => void this[Symbol.asyncDispose]().finally(() => process.exit(130));
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  }

  /** Has `end` called when the run is over, the last one first. */
  defer(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    for (const end of this.#ends.toReversed()) await end().catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Tells a person how far a bench is: on stderr, with the seconds since it began. */
export function tell(words: string): void {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(5)} s  ${words}\n`);
}
