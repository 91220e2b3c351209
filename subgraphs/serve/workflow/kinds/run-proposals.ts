import type { ClientSession } from 'mongodb';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import { workflowsOf } from '../../../../schema/workflow/served.ts';
import type { Content } from '../../record/content.ts';
import { linksOf, modelOf, recordsOf, schemaOf } from '../../store/collections.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { FollowedIn } from '../follow.ts';
import { tell } from '../notices.ts';
import { progressIn, type StoredMove } from '../progress-store.ts';
import { hasEnded, runningLead } from './run-start.ts';

/**
 * Returns the cases that a trigger is about, the organisations that know of it, and the fields that decide on the proposal.
 * `knownTo` is null if every reader of the record knows of it.
 */
type Trigger = (
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
) => Promise<{
  readonly cases: readonly string[];
  readonly knownTo: readonly string[] | null;
  readonly dependsOn: readonly string[];
}>;

/** The moves after which runs are proposed. */
const triggers: Readonly<Record<string, Trigger>> = {
  'level.assessLevel': ofCase,
  'level.assessLevelAgain': ofCase,
  'level.reviseLevel': ofCase,
  'posture.record': async (store, at, _move, session) => ({
    cases: await casesOf(store, at, session),
    knownTo: null,
    dependsOn: ['case'],
  }),
  'hold.agree': ofHold,
  'hold.agreeCounter': ofHold,
};

const caseKind = 'JointCaseRecord';

/** The most cases with one id in one picture: each originator can keep a record of the case. */
const maxCases = 10;

/**
 * Proposes to the lead of a case that a procedure is run for it. The proposal is a notice about the record of the trigger, so
 * a lead who may not read that record, or a field that decides on the proposal, gets none. It starts nothing.
 */
export async function proposeRuns(
  store: CommunityStore,
  at: FollowedIn,
  move: StoredMove,
  session: ClientSession,
): Promise<void> {
  const trigger = triggers[`${move.workflow}.${move.move}`];
  const of = workflowsOf('joint-unit').get('ProcedureRun')?.record ?? null;
  if (trigger === undefined || of === null) return;
  const { cases, knownTo, dependsOn } = await trigger(store, at, move, session);
  const leads = await leadsOf(store, cases, move.recordedAt, session);
  const { happenedAt, recordedAt, record, workflow } = move;
  const id = ['propose', workflow, move.move, move.organisation, recordedAt.toISOString()].join(' ');
  const event = {
    id,
    event: 'move',
    name: 'propose',
    happenedAt,
    sortAt: recordedAt,
    dependsOn,
  } as const;
  const about = { ...at, of, record, organisation: null, part: null };
  for (const lead of leads)
    if (knownTo === null || knownTo.includes(lead)) await tell(store, about, event, lead, session);
}

/** An assessment is made in a thread of its case. The lead sees all of them, because it takes part. */
async function ofCase(...[_store, _at, move]: Parameters<Trigger>): Promise<Awaited<ReturnType<Trigger>>> {
  const dependsOn = ['threads', 'levels', 'lead', 'workflow'];
  return await Promise.resolve({ cases: [move.record], knownTo: null, dependsOn });
}

/** Both sides know that a hold is agreed. Other readers of its record do not. */
async function ofHold(
  ...[store, at, move, session]: Parameters<Trigger>
): Promise<Awaited<ReturnType<Trigger>>> {
  const knownTo = [...organisationsIn(at.content['by'] ?? []), ...organisationsIn(move.organisation ?? [])];
  return { cases: await casesOf(store, at, session), knownTo, dependsOn: ['case', 'threads'] };
}

/** Returns the cases that a record names, in the picture of the record: the same id can be in the real one and in exercises. */
async function casesOf(
  store: CommunityStore,
  { content: { case: key }, exercise }: FollowedIn,
  session: ClientSession,
): Promise<readonly string[]> {
  if (typeof key !== 'string') return [];
  const from = modelOf(store, caseKind).collection.name;
  const pipeline = [{ $match: { 'envelope.exercise': exercise } }, { $project: { _id: 1 } }];
  const rows = linksOf(store).aggregate<{ readonly record: string }>(
    [
      { $match: { key, kind: caseKind } },
      { $lookup: { from, localField: 'record', foreignField: '_id', pipeline, as: 'inPicture' } },
      { $match: { inPicture: { $ne: [] } } },
      { $limit: maxCases },
      { $project: { record: 1 } },
    ],
    { session },
  );
  return (await rows.toArray()).map(({ record }) => record);
}

/** Returns the organisations that lead cases which are not closed. */
async function leadsOf(
  store: CommunityStore,
  cases: readonly string[],
  now: Date,
  session: ClientSession,
): Promise<readonly string[]> {
  const named = { _id: { $in: [...cases] } };
  const stored = await progressIn(store).find(named, { session }).toArray();
  const moved = new Map(stored.map(({ _id, progress }) => [_id, progress]));
  const found = await recordsOf(store, caseKind).find(named, { session }).toArray();
  const leads = found.flatMap((one) => {
    const record = schemaOf(store, caseKind).read(one);
    if (record === null || hasEnded(record.envelope)) return [];
    const progress = moved.get(record._id) ?? null;
    const lead = runningLead(progress, record.content as Content);
    return lead !== null && (progress !== null || knowsLead(lead, record.envelope, now)) ? [lead] : [];
  });
  return [...new Set(leads)];
}

/**
 * Returns whether an organisation reads that it leads an imported case. The content alone names it: without this, a notice
 * would tell it of a case that it may not read.
 */
function knowsLead(
  lead: string,
  { marking, audience, originator, embargoUntil, portions }: Envelope,
  now: Date,
): boolean {
  const isNamed = lead === originator || audience.organisations.includes(lead);
  const isOver = embargoUntil === null || embargoUntil <= now;
  const isHidden = portions.some(({ path }) => ['lead', 'workflow'].includes(path.split('.')[0] ?? ''));
  return isNamed && isOver && !isHidden && marking.tlp !== 'RED';
}
