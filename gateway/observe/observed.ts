import type { HubErrorCode } from '../../schema/errors.ts';
import { type Run, runOnly } from '../../schema/runtime/observe/run.ts';

/** The entry point of a request. */
export type EntryPoint = 'http' | 'sse' | 'ws';

/**
 * The facts about one request that operators learn: nothing of its variables, its reader or its data. Each transport creates one for
 * each operation, and passes it on in the request context.
 */
export class Observed {
  /** Measures a stage of this process. */
  readonly run: Run;
  /** Returns the headers that continue the trace of this request elsewhere. */
  readonly traceHeaders: () => Readonly<Record<string, string>>;
  /** The codes of the errors that the reader got. */
  readonly codes = new Set<HubErrorCode>();
  /** The communities whose part is missing. */
  readonly parts = new Set<string>();
  /** The name of a registered operation, or the hash of another one without its values; null if it was not parsed. */
  operation: string | null = null;

  constructor(run: Run = runOnly, traceHeaders: Observed['traceHeaders'] = noHeaders) {
    this.run = run;
    this.traceHeaders = traceHeaders;
  }
}

const noHeaders = () => ({});

/** One request at its end. */
export type Ended = {
  readonly correlationId: string;
  readonly entry: EntryPoint;
  readonly method: string;
  readonly status: number;
  /** False if the client left before it had the whole response. */
  readonly isWhole: boolean;
  /** 0 for an operation of a WebSocket, which shares the connection with others. */
  readonly bytes: number;
  readonly ms: number;
  readonly observed: Observed;
};

/** Gets each request at its end. */
export type OnEnded = (ended: Ended) => void;
