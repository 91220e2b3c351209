import type { Run, Stage } from './run.ts';

/** Values of a span: numbers and words of closed sets. */
export type TraceAttributes = Readonly<Record<string, string | number>>;

/** One request that is traced. */
export type ActiveTrace = {
  /** Runs work in the span of the request, also what it continues later. */
  within<Result>(work: () => Result): Result;
  /** Adds a stage that began before the request was known to be traced, and ends now. */
  record(stage: Stage, startTime: number): void;
  end(attributes: TraceAttributes, isFailed: boolean): void;
};

/** The traces of a process. The packages of OpenTelemetry are loaded only if traces are on. */
export type Traces = {
  readonly run: Run;
  /** Starts the span of a request below the caller's span, if `traceparent` has one (W3C Trace Context). */
  start(name: string, traceparent: string | undefined): ActiveTrace;
  /** Opens a span in the current request, and returns what ends it; null if no request is traced. */
  open(name: string, attributes: TraceAttributes): ((isFailed: boolean) => void) | null;
  /** Returns the headers that continue the trace of the current request elsewhere; none if it is not traced. */
  headers(): Readonly<Record<string, string>>;
  /** Returns whether a header says that its trace is recorded. */
  isSampled(traceparent: string): boolean;
  /** Sends the spans that wait. */
  stop(): Promise<void>;
};

/** Loads the traces if the settings have a collector. */
export async function openTraces(url: string | null, service: string): Promise<Traces | null> {
  if (url === null) return null;
  const { createTraces } = await import('./traces.ts');
  return createTraces({ url, service });
}
