import { recordsOf } from '../../store/collections.ts';
import type { Follow } from '../follow.ts';
import { makeOnRecord } from '../make-on-record.ts';
import { progressIn } from '../progress-store.ts';
import { passedFrom } from './discreet-requests.ts';

/** The moves of the system that moves of release requests cause. */
export const followsOfReleaseRequests: Readonly<Record<string, Follow>> = {
  // The state of the request shows only a grant: a refusal looks like silence.
  'release-answer.grant': async (store, at, move, session) => {
    await makeOnRecord(store, at, move, 'grant', session);
    const passed = await progressIn(store).findOne({ _id: move.record }, { session });
    const asked = passed?.progress.facts[passedFrom];
    if (typeof asked !== 'string') return;
    // The asker's request has the same content. It can be retracted meanwhile.
    const active = { _id: asked, 'envelope.recordState': 'ACTIVE' as const };
    const found = await recordsOf(store, 'ReleaseRequest').findOne(active, { session });
    if (found !== null) await makeOnRecord(store, at, { ...move, record: asked }, 'grant', session);
  },
};
