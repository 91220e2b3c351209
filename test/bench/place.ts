import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder for one run. It is removed at the end and at Ctrl-C, after everything that `defer` registered. */
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

  /** Calls `end` when the run is over, in reverse order. */
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

/** Prints the progress of a bench on stderr, with the seconds since its start. */
export function logProgress(message: string): void {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(5)} s  ${message}\n`);
}
