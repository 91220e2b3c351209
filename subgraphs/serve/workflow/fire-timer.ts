import type { ClientSession } from 'mongodb';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { moveByClock } from '../../../schema/workflow/engine/decide.ts';
import {
  fieldsOfReminder,
  isReminderAt,
  obligationsOf,
  remindersDue,
  stateBegun,
} from '../../../schema/workflow/engine/due.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import type { Content } from '../record/content.ts';
import { modelOf, recordsOf, schemaOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import { tell } from './notices.ts';
import { isOfRecord, partiesOf, relationsOf } from './parties.ts';
import { instantsIn, isMasked, progressIn, type StoredProgress, writeMove } from './progress-store.ts';
import type { WorkflowRules } from './rules.ts';
import { knownWithMembers, repeated, type Timed, type Timer, timersIn } from './timers.ts';

/**
 * Fires a timer in a transaction: removes it, and makes the clock's move or writes the notices. Returns false if it was
 * fired by another process or is void. It decides from what is stored now, so a timer that is out of date does nothing.
 */
export async function fireTimer(
  store: CommunityStore,
  rules: WorkflowRules,
  timer: Timer,
  now: Date,
  session: ClientSession,
): Promise<boolean> {
  const { deletedCount } = await timersIn(store).deleteOne({ _id: timer._id }, { session });
  if (deletedCount === 0) return false;
  const before = await progressIn(store).findOne({ _id: timer.progress }, { session });
  const timed = before === null ? null : await timedOf(store, rules, timer, before, session);
  if (before === null || timed === null) return false;
  if (timer.what === 'move') return await moveOfClock(store, rules, timed, before, timer, now, session);
  const events = timer.what === 'state' ? statesBegun(timed, timer) : remindersOf(timed, timer);
  for (const { party, name } of events) {
    const id = `${timer.what} ${name} ${timer.at.toISOString()}`;
    const times = { happenedAt: timer.at, sortAt: timer.at, dependsOn: decidingFields(timed.of, timer) };
    const event = { id, event: timer.what, name, ...times };
    await tell(store, timed, event, party, session);
  }
  const next = timer.what === 'reminder' ? repeated(timed, timer, now) : null;
  if (next !== null) await timersIn(store).insertOne(next, { session });
  return true;
}

/** Reads the record of a progress. Null if its workflow is not run any more, or the record was retracted or erased. */
async function timedOf(
  store: CommunityStore,
  { workflows, endOf }: WorkflowRules,
  { kind: type }: Timer,
  stored: StoredProgress,
  session: ClientSession,
): Promise<Timed | null> {
  const { _id, record: id, organisation, part = null, progress } = stored;
  const kind = workflows.get(type);
  const of = isOfRecord(stored) ? kind?.record : kind?.thread;
  const found = await recordsOf(store, type).findOne({ _id: id }, { session });
  const record: StoredRecord | null = found === null ? null : schemaOf(store, type).read(found);
  if (of === null || of === undefined || record === null) return null;
  const { recordState } = record.envelope;
  if (recordState === 'RETRACTED' || recordState === 'ERASED') return null;
  const content = record.content as Content;
  const ofRecord = isOfRecord(stored) ? null : await progressIn(store).findOne({ _id: id }, { session });
  const members = { ...content, ...ofRecord?.progress.facts, ...progress.facts };
  const collection = modelOf(store, type).collection.name;
  const known = { progress, fields: content };
  const at = { of, kind: { type, collection }, record: id, organisation, part, progress: _id };
  return { ...at, content: members, known, endOf };
}

/** Returns the fields that a notice of a timer tells something of: the instants, and those that decide on a reminder. */
function decidingFields(of: Workflow, { what, name, period }: Timer): readonly string[] {
  const reminder = what === 'reminder' && period === null ? of.reminders[name] : undefined;
  return [...instantsIn(of), ...(reminder === undefined ? [] : fieldsOfReminder(reminder))];
}

type Told = readonly { readonly party: string; readonly name: string }[];

/** Returns the organisations that see another state from the instant on. A mask shows each hidden reason as one state. */
function statesBegun(timed: Timed, { at }: Timer): Told {
  const { of, known, endOf } = timed;
  return partiesOf(timed, known.progress).flatMap((party) => {
    const name = stateBegun(of, known, relationsOf(timed, party), at, endOf);
    return name === null ? [] : [{ party, name }];
  });
}

/** Returns the organisations that are still obliged by the end of the period, or to an act without a deadline. */
function remindersOf(timed: Timed, { name, at, period }: Timer): Told {
  const { of, known, endOf } = timed;
  const still =
    period === null
      ? remindersDue(of, knownWithMembers(timed), endOf).filter(
          (one) => one.name === name && isReminderAt(one, at),
        )
      : obligationsOf(of, known, endOf).filter(({ due }) => due.getTime() === period.due.getTime());
  const obliged = still.flatMap(({ relations }) => [...relations]);
  return partiesOf(timed, known.progress)
    .filter((party) => obliged.some((relation) => relationsOf(timed, party).has(relation)))
    .map((party) => ({ party, name }));
}

async function moveOfClock(
  store: CommunityStore,
  { workflows }: WorkflowRules,
  { of, kind, record, organisation, part = null, content, known, endOf }: Timed,
  before: StoredProgress,
  { name: move }: Timer,
  now: Date,
  session: ClientSession,
): Promise<boolean> {
  const made = moveByClock(of, move, known, now, endOf);
  if (made === null) return false;
  const { progress, at: happenedAt } = made;
  const [from, to] = [before.progress.state, progress.state];
  const isHidden = isMasked(of, progress);
  const entry = {
    record,
    workflow: of.name,
    organisation,
    part,
    move,
    stage: 'made',
    from,
    to,
    isHidden,
    by: clock,
    key: '',
  } as const;
  const stored = { ...entry, happenedAt, recordedAt: now, late: null, input: {} };
  const thread: Workflow | null = workflows.get(kind.type)?.thread ?? null;
  await writeMove(store, { of, kind, content, thread, endOf }, stored, { progress }, before, session);
  return true;
}

/** The clock is no organisation. The history shows its moves without one. */
const clock = { organisation: '', subject: 'clock' } as const;
