import { HubError } from '../../schema/errors.ts';
import type { RequestContext } from '../request/context.ts';
import { LargeTurns } from './large-turns.ts';

/** How large requests share the hub's one thread. */
export const largeRequestLimits = {
  /** A request up to this size never waits: parsing and checking its document takes a few milliseconds. */
  fromBytes: 16 * 1024,
  /** Large requests in progress. */
  atOnce: 2,
  /** Large requests that wait. Each has its body in memory, of 256 KiB at most. */
  waiting: 32,
  ofOrganisation: 8,
  ofReader: 4,
  /** The wait is part of the request's time, which is 10 s: the rest is for the subgraphs. */
  maxWaitMs: 4000,
  /** A turn ends after this time, whatever its request does. */
  maxTurnMs: 2000,
  /** A turn is followed by a pause as long as the turn was, up to this time. */
  maxPauseMs: 500,
} as const;

type Asking = Pick<RequestContext, 'reader' | 'signal' | 'setHeaders'>;

/**
 * Limits the requests with a large document or large variables that are in progress, in rotation of the readers. Their
 * documents are parsed and checked in the thread that serves all readers, so each turn is followed by a pause: at most about
 * half of the thread's time goes to large requests. A turn ends once the document is planned (`RequestContext.endTurn`): a
 * subgraph or a client that is slow keeps no turn.
 */
export class LargeRequests {
  readonly #turns = new LargeTurns(largeRequestLimits);

  /**
   * Waits for the turn of a request. Returns the function that ends it, which may be called several times. Throws
   * OVERLOADED if too many wait or it waits for too long, or the reason of the signal if the client goes.
   */
  async enter(bytes: number, { reader, signal, setHeaders }: Asking): Promise<() => void> {
    if (bytes <= largeRequestLimits.fromBytes) return () => undefined;
    const leave = await this.#turns.take(reader, signal).catch((error: unknown) => {
      if (error instanceof HubError) setHeaders({ 'retry-after': '2' });
      throw error;
    });
    const begun = performance.now();
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(latest);
      const pauseMs = Math.min(largeRequestLimits.maxPauseMs, performance.now() - begun);
      setTimeout(leave, pauseMs).unref();
    };
    const latest = setTimeout(end, largeRequestLimits.maxTurnMs).unref();
    return end;
  }
}
