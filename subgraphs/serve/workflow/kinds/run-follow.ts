import type { ClientSession } from 'mongodb';
import { workflowsOf } from '../../../../schema/workflow/served.ts';
import type { Content } from '../../record/content.ts';
import { linksOf, modelOf, recordsOf, schemaOf } from '../../store/collections.ts';
import type { Link } from '../../store/links.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { Follow, FollowedIn } from '../follow.ts';
import { makeOnRecord } from '../make-on-record.ts';
import { registerParty } from '../parties.ts';
import { progressIn, setFacts, type StoredMove, threadsOf } from '../progress-store.ts';
import { isClosed, nextDueOf } from './run-steps.ts';

/** The effects on runs that follow from the moves of their steps and of their cases. */
export const followsOfRuns: Readonly<Record<string, Follow>> = {
  'procedure-step.finishStep': settleRun,
  'procedure-step.skipStep': settleRun,
  'procedure-step.failStep': settleRun,
  'procedure-step.retryStep': settleRun,
  'procedure-step.reopenStep': settleRun,
  'case.takeLead': passLead,
};

/** Completes a run after its last step. Otherwise the run states when its next step is due. */
async function settleRun(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const parts = await threadsOf(store, move.record, session);
  if (parts.every(({ progress }) => isClosed(progress.state))) {
    await makeOnRecord(store, at, move, 'complete', session);
    return;
  }
  const run = await progressIn(store).findOne({ _id: move.record }, { session });
  if (run === null || at.record === null) return;
  const times = { happenedAt: move.happenedAt, now: move.recordedAt };
  await setFacts(store, { ...at, of: at.record }, run, { nextStepDueAt: nextDueOf(parts) }, times, session);
}

/**
 * The organisation that takes the lead of a case leads its runs too. A run that does not name it as a reader keeps its lead, who
 * can end it. Their number is bounded.
 */
async function passLead(
  store: CommunityStore,
  { endOf }: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const { record: of = null, thread = null } = workflowsOf('joint-unit').get(type) ?? {};
  if (of === null) return;
  const lead = move.by.organisation;
  const times = { happenedAt: move.happenedAt, now: move.recordedAt };
  const kind = { type, collection: modelOf(store, type).collection.name };
  for (const { record } of await runsOf(store, move.record, session)) {
    const run = await progressIn(store).findOne({ _id: record }, { session });
    const found = await recordsOf(store, type).findOne({ _id: record }, { session });
    const stored = found === null ? null : schemaOf(store, type).read(found);
    if (run?.progress.state !== 'running' || stored === null) continue;
    const { audience, originator } = stored.envelope;
    if (![...audience.organisations, originator].includes(lead)) continue;
    const content = stored.content as Content;
    await setFacts(store, { of, thread, kind, content, endOf }, run, { lead }, times, session);
    await registerParty(store, { kind, record }, lead, { sortAt: move.recordedAt, isTold: false }, session);
  }
}

const type = 'ProcedureRun';

/** Returns the join rows of the runs for a case or an exercise, at most `maxRuns`. */
export async function runsOf(
  store: CommunityStore,
  subject: string,
  session: ClientSession,
): Promise<readonly Pick<Link, 'record'>[]> {
  const rows = linksOf(store).find({ key: subject, kind: type }, { session, projection: { record: 1 } });
  return await rows.limit(maxRuns).toArray();
}

/** The most runs for one case or exercise. */
export const maxRuns = 100;
