import type { Response } from 'express';
import { once } from 'node:events';
import { type ChangeLine, writeChangeLine } from '../../../schema/protocol/change-event.ts';

/** The maximum bytes that wait for a hub that does not read. Above it, the stream is cut; the hub connects again. */
const maxWaitingBytes = 4_000_000;
/** The maximum time for which a hub reads nothing although bytes wait. */
const stalledMs = 15_000;
const checkEveryMs = 250;

/** The response to one hub: lines of changes, until either side ends it. */
export class HubStream {
  readonly #response: Response;
  readonly #isAllowed: () => boolean;
  readonly #ended = new AbortController();
  #blockedSince: number | null = null;

  /** `isAllowed` is asked before each line and four times a second: when it is false, the stream is cut. */
  constructor(response: Response, isAllowed: () => boolean) {
    this.#response = response;
    this.#isAllowed = isAllowed;
    const timer = setInterval(() => {
      if (!isAllowed() || this.#isStalled()) this.cut();
    }, checkEveryMs);
    this.#ended.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    response.on('drain', () => (this.#blockedSince = null));
    response.once('close', () => this.#ended.abort());
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.flushHeaders();
  }

  /** Aborted once the stream has ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Writes a line. Cuts the stream if too much waits for the hub. */
  send(line: ChangeLine): void {
    if (this.#ended.signal.aborted) return;
    if (!this.#isAllowed()) return this.cut();
    if (this.#response.write(writeChangeLine(line))) return;
    this.#blockedSince ??= performance.now();
    if (this.#response.writableLength > maxWaitingBytes) this.cut();
  }

  /** Whether the hub has not read for too long. */
  #isStalled(): boolean {
    return this.#blockedSince !== null && performance.now() - this.#blockedSince > stalledMs;
  }

  /** Waits until the hub has read what was sent. */
  async drained(): Promise<void> {
    if (!this.#response.writableNeedDrain || this.#ended.signal.aborted) return;
    await once(this.#response, 'drain', { signal: this.#ended.signal }).catch(() => undefined);
  }

  /** Ends the stream after the last line. */
  finish(): void {
    this.#response.end();
    this.#ended.abort();
  }

  /** Ends the stream at once. */
  cut(): void {
    this.#ended.abort();
    this.#response.destroy();
  }
}
