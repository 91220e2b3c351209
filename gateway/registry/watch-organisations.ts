import type { ChangeStream, Db } from 'mongodb';

/** How long the store waits for a change before it answers that there is none, in milliseconds. */
const beatMs = 200;
/** How old the last answer of the store may be. */
const maxAgeMs = 700;
const retryMs = 500;

/** The changes of the organisations in the registry. */
export type OrganisationChanges = {
  /** Returns the number of changes so far; null if changes may be missed. */
  epoch(): number | null;
  stop(): Promise<void>;
};

/**
 * Counts the changes of the registry's organisations by a change stream. A store that is away, or an answer of it that is
 * older than 0.7 s, means that changes may be missed. Each reconnection counts as a change.
 */
export function watchOrganisations(db: Db, report: (error: unknown) => void): OrganisationChanges {
  let changes = 0;
  let heardAt = Number.NEGATIVE_INFINITY;
  const state = { isStopped: false };
  let stream: ChangeStream | undefined;
  const follow = async (): Promise<void> => {
    stream = db.collection('organisations').watch([{ $project: { _id: 1 } }], { maxAwaitTimeMS: beatMs });
    for (let isFirst = true; !state.isStopped; isFirst = false) {
      const asked = performance.now();
      const change = await stream.tryNext();
      // Changes before the stream was open are not known.
      if (change !== null || isFirst) changes += 1;
      heardAt = asked;
    }
  };
  const run = async (): Promise<void> => {
    while (!state.isStopped) {
      try {
        await follow();
      } catch (error) {
        heardAt = Number.NEGATIVE_INFINITY;
        if (state.isStopped) return;
        report(error);
        await stream?.close().catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };
  const running = run();
  return {
    epoch: () => (performance.now() - heardAt < maxAgeMs ? changes : null),
    stop: async () => {
      state.isStopped = true;
      await stream?.close().catch(() => undefined);
      await running;
    },
  };
}
