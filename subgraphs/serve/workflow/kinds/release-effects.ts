import type { Follow } from '../follow.ts';
import { makeOnRecord } from '../make-on-record.ts';

/** The moves of the system that moves of release requests cause. */
export const followsOfReleaseRequests: Readonly<Record<string, Follow>> = {
  // The state of the request shows only a grant: a refusal looks like silence.
  'release-answer.grant': async (store, at, move, session) =>
    await makeOnRecord(store, at, move, 'grant', session),
};
