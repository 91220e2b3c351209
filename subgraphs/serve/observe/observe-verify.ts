import type { RequestHandler } from 'express';
import type { SubgraphObserver } from './subgraph-observer.ts';

/**
 * Puts the stage `verify` into the metrics, and the verified request into the hub's trace. A `traceparent` is read after the
 * verification only: no other caller can make a subgraph record anything.
 */
export function observeVerify(
  { isOn, run, trace }: SubgraphObserver,
  verify: readonly RequestHandler[],
): readonly RequestHandler[] {
  if (!isOn) return verify;
  return [
    (_request, response, next) => {
      const verified = Promise.withResolvers<void>();
      Object.assign(response.locals, { verified: verified.resolve, startedAt: Date.now() });
      // A request that is rejected never ends the stage, so its time is not counted.
      void run('verify', async () => await verified.promise);
      next();
    },
    ...verify,
    (request, response, next) => {
      const { verified, startedAt } = response.locals as { verified: () => void; startedAt: number };
      verified();
      const active = trace(request.get('traceparent'));
      if (active === null) {
        next();
        return;
      }
      active.record('verify', startedAt);
      response.once('close', () =>
        active.end({ 'http.response.status_code': response.statusCode }, response.statusCode >= 500),
      );
      active.within(next);
    },
  ];
}
