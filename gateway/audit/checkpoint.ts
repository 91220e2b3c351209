import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChainHead } from './entry.ts';

const everyMs = 10_000;
const everyEntries = 1000;

const form = z.object({
  deployment: z.string(),
  at: z.string(),
  seq: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Reads a checkpoint file. Throws if it is malformed, or of another deployment. */
export function readCheckpoint(file: string, deployment: string): ChainHead {
  const read = form.safeParse(parse(readFileSync(file, 'utf8')));
  if (!read.success)
    throw new Error(
      `${file}: expected a checkpoint of the audit log (deployment, at, seq, hash), got another form`,
    );
  if (read.data.deployment !== deployment)
    throw new Error(`${file}: expected a checkpoint of ${deployment}, got one of ${read.data.deployment}`);
  return { seq: read.data.seq, hash: read.data.hash };
}

/**
 * Writes the head of the audit log to a file outside the hub's store, every 10 s and after 1000 entries, by rename.
 * `hub trail verify --checkpoint FILE` then detects an end that was removed or rewritten. The head that the file has at
 * the start must be in the log; otherwise the file stays as it is, because it is the evidence. Each hub process needs its
 * own file.
 */
export class Checkpoint {
  readonly #file: string;
  readonly #deployment: string;
  readonly #hashAt: (seq: number) => Promise<string | null>;
  readonly #report: (failure: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #head: ChainHead | null = null;
  #written = 0;
  #isContinued = false;
  #writing: Promise<void> = Promise.resolve();

  /** `hashAt` returns the hash of the entry at a position; null if there is none. */
  constructor(
    place: { readonly file: string; readonly deployment: string },
    hashAt: (seq: number) => Promise<string | null>,
    report: (failure: unknown) => void,
    intervalMs = everyMs,
  ) {
    this.#file = place.file;
    this.#deployment = place.deployment;
    this.#hashAt = hashAt;
    this.#report = report;
    this.#timer = setInterval(() => void this.write(), intervalMs).unref();
  }

  /** Takes over a new head of the log. */
  moved(head: ChainHead): void {
    this.#head = head;
    if (head.seq - this.#written >= everyEntries) void this.write();
  }

  /** Writes the last head, if the file does not have it. Reports a failure. */
  async write(): Promise<void> {
    this.#writing = this.#writing.then(async () => await this.#writeHead()).catch(this.#report);
    await this.#writing;
  }

  /** Writes the last head and stops. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }

  async #writeHead(): Promise<void> {
    const head = this.#head;
    if (head === null || head.seq === this.#written) return;
    this.#isContinued ||= await this.#containsOld();
    if (!this.#isContinued)
      throw new Error(
        `${this.#file}: the audit log does not contain this head, so its end was removed or rewritten`,
      );
    const content = { deployment: this.#deployment, at: new Date().toISOString(), ...head };
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(content)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
    this.#written = head.seq;
  }

  async #containsOld(): Promise<boolean> {
    if (!existsSync(this.#file)) return true;
    const { seq, hash } = readCheckpoint(this.#file, this.#deployment);
    return (await this.#hashAt(seq)) === hash;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
