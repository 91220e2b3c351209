import { errorTable } from '../../schema/errors.ts';
import { attributesOf } from './note-answer.ts';
import { Observed } from './observed.ts';
import type { Observer } from './observer.ts';

/** One operation of a WebSocket, which has no HTTP response to observe. */
export type ObservedOperation = {
  readonly observed: Observed;
  /** Runs work in the trace of the operation. */
  within<Result>(work: () => Result): Result;
  /** Ends the operation, once. */
  end(answer: { readonly hasData: boolean; readonly isWhole: boolean }): void;
};

/** Observes one operation of a WebSocket, from its message to its last result. */
export function observeOperation(
  { run, ended, trace, traceHeaders }: Pick<Observer, 'run' | 'ended' | 'trace' | 'traceHeaders'>,
  correlationId: string,
): ObservedOperation {
  const observed = new Observed(run, traceHeaders);
  const active = trace === null ? null : trace(undefined);
  const start = performance.now();
  let isOpen = true;
  return {
    observed,
    within: (work) => (active === null ? work() : active.within(work)),
    end: ({ hasData, isWhole }) => {
      if (!isOpen) return;
      isOpen = false;
      const [code = 'INTERNAL'] = observed.codes;
      const status = hasData ? 200 : errorTable[code].status;
      const ms = performance.now() - start;
      // The method is that of the upgrade. The messages of all operations share the connection, so bytes are not counted.
      ended?.({ correlationId, entry: 'ws', method: 'GET', status, isWhole, bytes: 0, ms, observed });
      active?.end(attributesOf(status, correlationId, observed), status >= 500);
    },
  };
}
