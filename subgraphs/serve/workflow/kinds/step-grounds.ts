import type { ClientSession } from 'mongodb';
import type { ReaderAccess } from '../../../../schema/policy/decide/policy.ts';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import type { Workflow } from '../../../../schema/workflow/language/load.ts';
import { invalid, Refused } from '../../changes/refused.ts';
import type { CommunityStore } from '../../store/store.ts';
import { movesIn, type StoredProgress } from '../progress-store.ts';
import { openBefore, stepName, stepsIn } from './run-steps.ts';

/** A move of a step that a reader wants to make. */
type Wanted = {
  readonly attempt: Attempt;
  readonly envelope: Envelope;
  /** Where the run stands. */
  readonly run: Progress;
  readonly parts: readonly StoredProgress[];
  readonly before: StoredProgress | null;
  /** The fields that the reader may not see. */
  readonly hidden: ReadonlySet<string>;
};

type Place = {
  readonly store: CommunityStore;
  readonly readerAccess: ReaderAccess;
  readonly session: ClientSession;
};

/**
 * Throws Refused for a step of a run that is over, for each reader of the run, and for a step that is out of order, with the
 * open steps. For another reader than the performer, the engine decides then who may make the move.
 */
export function refuseOutOfOrder(of: Workflow, { attempt, run, parts, before, hidden }: Wanted): void {
  if (of.name !== 'procedure-step') return;
  if (run.state !== 'running')
    throw new Refused('WRONG_STATE', [], 'the run is over: its steps stay as they are');
  const { move, actor, fields = {} } = attempt;
  if (!inOrder.has(move) || !actor.relations.has('performer')) return;
  const open = openBefore(stepsIn(fields), parts, before?.part ?? '');
  if (open.length === 0) return;
  const isHidden = hidden.has('steps');
  const named = open.map(({ no, action }) => (isHidden ? `${no}` : `${no} (${action.slice(0, maxAction)})`));
  throw new Refused(
    'WRONG_STATE',
    ['step'],
    `it depends on steps that are neither done nor skipped: ${named.join(', ')}`,
  );
}

const inOrder: ReadonlySet<string> = new Set(['startStep', 'finishStep']);
/** The most characters of an action in the answer. */
const maxAction = 100;

/** Throws Refused for the grounds of a move of a step that need the run, its readers or the moves before. */
export async function refuseStep(of: Workflow, wanted: Wanted, place: Place): Promise<void> {
  if (of.name !== 'procedure-step') return;
  const { move } = wanted.attempt;
  const refused =
    findMissingEvidence(wanted) ??
    findUnreadable(wanted) ??
    (move === 'skipStep' ? await findUnasked(wanted, place) : null) ??
    (counted.has(move) ? await findEndless(wanted, place) : null);
  if (refused !== null) throw refused;
}

function findMissingEvidence({ attempt: { move, input, fields = {} }, before }: Wanted): Refused | null {
  const evidence = stepsIn(fields).find((step) => stepName(step) === before?.part)?.evidence ?? null;
  if (move !== 'finishStep' || evidence === null || typeof input['evidence'] === 'string') return null;
  return invalid('evidence', 'this step needs evidence: state what the step asks for in evidence');
}

/** A handover opens the run to nobody. */
function findUnreadable({ attempt: { move, input }, envelope }: Wanted): Refused | null {
  const { recipient } = input;
  if (move !== 'offerStep' || typeof recipient !== 'string') return null;
  if ([...envelope.audience.organisations, envelope.originator].includes(recipient)) return null;
  return invalid(
    'recipient',
    'expected an organisation that the audience of the run names: a run is opened to no further readers',
  );
}

/** A step that must be done is skipped by two persons: the performer asks, and the lead decides. */
async function findUnasked({ before }: Wanted, place: Place): Promise<Refused | null> {
  const facts = before?.progress.facts ?? {};
  if (facts['obligation'] !== 'must') return null;
  if (typeof facts['skipAsked'] !== 'string')
    return new Refused(
      'WRONG_STATE',
      [],
      'this step must be done: its performer asks to skip it first (askSkipStepProcedureRun)',
    );
  const asked = { record: before?.record ?? '', part: before?.part ?? null, move: 'askSkipStep' };
  const { store, session, readerAccess } = place;
  const last = await movesIn(store)
    .find(asked, { session })
    .sort({ recordedAt: -1, _id: -1 })
    .limit(1)
    .next();
  return last !== null && last.by.subject !== readerAccess.reader.subject
    ? null
    : new Refused('NOT_ALLOWED', [], `a second person makes this move: you made ${asked.move}`);
}

/** The moves of a step that can be repeated without end. The others follow from them. */
const counted: ReadonlySet<string> = new Set(['offerStep', 'askSkipStep', 'failStep', 'reopenStep']);
const maxRepeated = 100;

async function findEndless({ attempt: { move }, before }: Wanted, place: Place): Promise<Refused | null> {
  const { organisation } = place.readerAccess.reader;
  const own = {
    record: before?.record ?? '',
    part: before?.part ?? null,
    move,
    'by.organisation': organisation,
  };
  const by = { session: place.session, limit: maxRepeated };
  const count = await movesIn(place.store).countDocuments(own, by);
  return count < maxRepeated
    ? null
    : new Refused('CLOSED', ['id'], `expected ${maxRepeated} moves ${move} of your organisation at most`);
}
