import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent, Dispatcher } from 'undici';
import {
  type ChangeLine,
  MalformedLine,
  maxLineBytes,
  readChangeLine,
} from '../../schema/protocol/change-event.ts';
import { UnexpectedStatus } from '../dispatch/fetch-subgraph.ts';

/** The rate at which the lines of one stream are read. More waits at the subgraph, so a flood costs only its own events. */
export type LineRate = { readonly bytesPerSecond: number; readonly linesPerSecond: number };

/** Room for an import: it writes a few hundred records a second. */
export const usualRate: LineRate = { bytesPerSecond: 4_000_000, linesPerSecond: 3000 };

/** The longest silence: a subgraph sends a line every 3 s. */
const silentMs = 10_000;
const lineFeed = 10;

/** A request for the lines of a community. */
export type LinesRequest = {
  readonly origin: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string;
  readonly agent: Agent;
  readonly rate: LineRate;
};

/**
 * Posts to a subgraph and calls `take` for each line of its response, in order. Resolves at the end of the response.
 * Rejects if the status is not 200, a line is malformed or too long, or nothing comes for 10 s. It follows no redirect.
 * While `take` waits, and above the rate, nothing more is read.
 */
export async function readLines(
  request: LinesRequest,
  take: (line: ChangeLine) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lines = new Lines(request.rate, take, resolve, reject);
  const leave = () => lines.stop(new Error('nobody reads the changes any more'));
  signal.addEventListener('abort', leave, { once: true });
  const { origin, path, body, authorization, agent } = request;
  const headers = { 'content-type': 'application/json', accept: 'application/x-ndjson', authorization };
  // The stream has no end: the time limits of requests must not end it, `silentMs` does.
  const endless = { headersTimeout: silentMs, bodyTimeout: 0 };
  agent.dispatch({ origin, path, method: 'POST', headers, body, ...endless }, lines);
  try {
    await promise;
  } finally {
    lines.close();
    signal.removeEventListener('abort', leave);
  }
}

/** Splits one response into lines. */
class Lines implements Dispatcher.DispatchHandler {
  readonly #rate: LineRate;
  readonly #take: (line: ChangeLine) => Promise<void> | void;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #stopped: Error | undefined;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #queue: Promise<void> = Promise.resolve();
  #second = 0;
  #bytes = 0;
  #lines = 0;
  #timer: NodeJS.Timeout;

  constructor(
    rate: LineRate,
    take: (line: ChangeLine) => Promise<void> | void,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.#rate = rate;
    this.#take = take;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = this.#expectMore();
  }

  /** Ends the request, also while it still waits for a connection. */
  stop(error: Error): void {
    this.#stopped ??= error;
    this.#reject(this.#stopped);
    this.#controller?.abort(this.#stopped);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stopped !== undefined) controller.abort(this.#stopped);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    if (statusCode >= 200 && statusCode !== 200) this.stop(new UnexpectedStatus(statusCode));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stopped !== undefined) return;
    try {
      const found = this.#split(chunk);
      this.#count(chunk.length, found.length);
      if (found.length === 0) return;
      clearTimeout(this.#timer);
      controller.pause();
      this.#queue = this.#queue.then(async () => await this.#give(found, controller));
    } catch (error) {
      this.stop(error as Error);
    }
  }

  onResponseEnd(): void {
    void this.#queue.then(this.#resolve);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }

  /** Gives the lines one by one: a malformed line does not take those before it with it. */
  async #give(lines: readonly Buffer[], controller: Dispatcher.DispatchController): Promise<void> {
    try {
      for (const line of lines) {
        if (this.#stopped !== undefined) return;
        await this.#take(readChangeLine(line.toString('utf8')));
      }
      await this.#untilWithinRate();
      if (this.#stopped !== undefined) return;
      this.#timer = this.#expectMore();
      controller.resume();
    } catch (error) {
      this.stop(error as Error);
    }
  }

  /** Returns the whole lines that a chunk completes. Throws once a line is too long, whether or not it ever ends. */
  #split(chunk: Buffer): readonly Buffer[] {
    const found: Buffer[] = [];
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      found.push(Buffer.concat([...this.#rest, chunk.subarray(from, end)]));
      this.#rest = [];
      this.#restBytes = 0;
      from = end + 1;
    }
    if (from < chunk.length) {
      this.#rest.push(chunk.subarray(from));
      this.#restBytes += chunk.length - from;
    }
    if (this.#restBytes > maxLineBytes)
      throw new MalformedLine(`expected lines of at most ${maxLineBytes} bytes`);
    return found;
  }

  #count(bytes: number, lines: number): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) [this.#second, this.#bytes, this.#lines] = [second, 0, 0];
    this.#bytes += bytes;
    this.#lines += lines;
  }

  async #untilWithinRate(): Promise<void> {
    const { bytesPerSecond, linesPerSecond } = this.#rate;
    if (this.#bytes <= bytesPerSecond && this.#lines <= linesPerSecond) return;
    await sleep((this.#second + 1) * 1000 - performance.now());
  }

  #expectMore(): NodeJS.Timeout {
    return setTimeout(() => {
      this.stop(new Error(`expected a line within ${silentMs} ms, got none`));
    }, silentMs);
  }
}
