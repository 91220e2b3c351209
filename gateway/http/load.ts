import type { RequestHandler, Response } from 'express';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { refuseEarly } from './refuse-early.ts';

/** The thresholds above which new requests are refused. */
export type LoadLimits = { readonly requests: number; readonly delayMs: number };

/** Returns the mean delay of the event loop in milliseconds since the last call. */
export type ReadDelay = () => number;

/** The state for the readiness probe. */
export type LoadState = 'ready' | 'overloaded' | 'stopping';

/** The seconds after which a refused client tries again: the delay is measured each second. */
export const retryAfterSeconds = '2';
const measureMs = 1000;
/** One long pause, such as garbage collection or a suspended machine, is no overload. */
const secondsAbove = 2;

/**
 * Counts the requests in progress and measures the delay of the event loop. A request above a limit is refused at once:
 * otherwise each one waits, and none is answered within its deadline.
 */
export class Load {
  readonly #limits: LoadLimits;
  readonly #readDelay: ReadDelay;
  readonly #inProgress = new Set<Response>();
  #operations = 0;
  readonly #timer: NodeJS.Timeout;
  #above = 0;
  #isStopping = false;

  constructor(limits: LoadLimits, readDelay: ReadDelay = measureDelay()) {
    this.#limits = limits;
    this.#readDelay = readDelay;
    this.#timer = setInterval(() => this.measure(), measureMs).unref();
  }

  /** Reads the delay of the last second. The hub is overloaded if it was above the limit in two consecutive seconds. */
  measure(): void {
    this.#above = this.#readDelay() > this.#limits.delayMs ? this.#above + 1 : 0;
  }

  state(): LoadState {
    if (this.#isStopping) return 'stopping';
    const isDelayed = this.#above >= secondsAbove;
    return isDelayed || this.#inProgress.size + this.#operations >= this.#limits.requests
      ? 'overloaded'
      : 'ready';
  }

  /** The number of requests in progress. */
  get inProgress(): number {
    return this.#inProgress.size + this.#operations;
  }

  /** Refuses a request with OVERLOADED before anything is spent on it, or counts it until its response is sent. */
  readonly admit: RequestHandler = (_request, response, next) => {
    if (this.state() === 'overloaded') {
      refuseEarly(response, 'OVERLOADED', retryAfterSeconds);
      return;
    }
    if (this.#isStopping) response.set('connection', 'close');
    this.#inProgress.add(response);
    response.once('close', () => this.#inProgress.delete(response));
    next();
  };

  /** Counts an operation of an open connection until the returned function is called. Null if the hub is overloaded. */
  begin(): (() => void) | null {
    if (this.state() === 'overloaded') return null;
    this.#operations += 1;
    let isCounted = true;
    return () => {
      if (isCounted) this.#operations -= 1;
      isCounted = false;
    };
  }

  /** Stops counting a request whose response is still open: an open subscription is idle most of its time. */
  release(response: Response): void {
    this.#inProgress.delete(response);
  }

  /** Begins the stop. Each later response ends its connection, so that clients connect to another hub. */
  stop(): void {
    this.#isStopping = true;
    clearInterval(this.#timer);
    for (const response of this.#inProgress) if (!response.headersSent) response.set('connection', 'close');
  }
}

/** Measures with Node's histogram, whose values include the interval between two measurements. */
function measureDelay(): ReadDelay {
  const resolution = 20;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return () => {
    const mean = histogram.mean / 1e6 - resolution;
    histogram.reset();
    return Number.isNaN(mean) ? 0 : Math.max(0, mean);
  };
}
