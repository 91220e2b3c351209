import type { ClientSession } from 'mongodb';
import type { Envelope } from '../../../../schema/record/envelope.ts';
import { organisationKey } from '../../../../schema/record/keys.ts';
import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import { loaded } from '../../changes/change-steps.ts';
import type { Finder } from '../../changes/find-record.ts';
import { isWider } from '../../changes/reading.ts';
import { Refused } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';
import { noAudience } from '../../record/marking.ts';
import { MoveSteps } from '../move-steps.ts';
import { maxRuns, runsOf } from './run-follow.ts';
import { copySteps, performersOf } from './run-steps.ts';

/** The part of a new record that its first move takes from other records. */
export type Copied = {
  readonly content: Content;
  /** Throws Refused if the new record has readers to whom the copied content is not open. */
  readonly refuseReaders: (envelope: Envelope) => void;
};

/** A record as far as the reader may see it. */
type Seen = { readonly envelope: Envelope; readonly content: Content; readonly hidden: ReadonlySet<string> };

/** The states of a case in which procedures are run for it, as its workflow and as an imported case state them. */
const runningStates: ReadonlySet<string> = new Set(['open', 'active', 'monitoring', 'closing', 'reopened']);

/** Reads the procedure and the case of a new run. A record that the reader may not see looks like one that does not exist. */
export class RunStarts extends MoveSteps {
  async copied(given: Content, find: Finder, session: ClientSession): Promise<Copied> {
    const procedure = await this.#procedure(given['procedure'], find);
    const lead = await this.#lead(given, find, session);
    const { eventAt } = given;
    if (!(eventAt instanceof Date)) throw refused('eventAt', 'expected the time of the event');
    const steps = copySteps(procedure.content, eventAt);
    const { plan = null } = procedure.content;
    const content = {
      lead: organisationKey(lead),
      plan: procedure.hidden.has('plan') ? null : plan,
      steps,
    };
    performersOf(steps, { ...given, ...content });
    refusePortions(procedure, content.plan !== null);
    const isOpen = this.isOpen(this.kind('Procedure'), procedure.envelope);
    const refuseReaders = (run: Envelope): void => {
      if (!isForFewer(procedure.envelope, run, isOpen, this.parts.readerAccess.now)) return;
      throw new Refused(
        'INVALID',
        ['reading'],
        'the procedure is for fewer readers than the run: name no other readers than those of the procedure, with a marking and purposes that are at least as strict',
      );
    };
    return { content, refuseReaders };
  }

  async #procedure(id: unknown, find: Finder): Promise<Seen> {
    const seen = await this.#seen('Procedure', id, find);
    const { recordState } = seen?.envelope ?? {};
    const isValid = recordState === 'ACTIVE' || recordState === 'CORRECTED';
    if (seen !== null && isValid && !seen.hidden.has('steps')) return seen;
    throw refused('procedure', 'expected a procedure that you may read with its steps, and that is in use');
  }

  /** Returns the organisation that leads the case, or that plans the exercise. */
  async #lead(
    { caseRecord = null, exercise = null }: Content,
    find: Finder,
    session: ClientSession,
  ): Promise<string> {
    if ((caseRecord === null) === (exercise === null))
      throw refused('caseRecord', 'expected either a case or an exercise');
    const lead =
      caseRecord === null
        ? await this.#planner(exercise, find)
        : await this.#leadOfCase(caseRecord, find, session);
    if (lead !== null) {
      const runs = await runsOf(this.parts.store, String(caseRecord ?? exercise), session);
      if (runs.length < maxRuns) return lead;
      throw new Refused(
        'CLOSED',
        ['content', caseRecord === null ? 'exercise' : 'caseRecord'],
        `expected ${maxRuns} runs for one case or exercise at most`,
      );
    }
    throw caseRecord === null
      ? refused(
          'exercise',
          'expected an exercise in whose picture you act and that you may read, with the organisations that plan it',
        )
      : refused('caseRecord', 'expected a case that you may read, that is open and has a lead');
  }

  async #leadOfCase(id: unknown, find: Finder, session: ClientSession): Promise<string | null> {
    const seen = await this.#seen('JointCaseRecord', id, find);
    if (seen === null || ['progress', 'lead', 'workflow'].some((name) => seen.hidden.has(name))) return null;
    const stored = await this.findProgress(String(id), null, session);
    return runningLead(stored?.progress ?? null, seen.content);
  }

  /** An exercise can have several planners: the organisation of the starter counts if it is one of them. */
  async #planner(id: unknown, find: Finder): Promise<string | null> {
    // A played run belongs to the picture of the exercise, never to the real one.
    if (this.parts.readerAccess.reader.picture === 'real') return null;
    const seen = await this.#seen('ExercisePlan', id, find);
    if (seen === null || seen.hidden.has('planners')) return null;
    const planners = organisationsIn(seen.content['planners'] ?? []);
    const { organisation } = this.parts.readerAccess.reader;
    return planners.includes(organisation) ? organisation : (planners[0] ?? null);
  }

  async #seen(type: string, id: unknown, find: Finder): Promise<Seen | null> {
    const kind = this.kind(type);
    const envelope = typeof id === 'string' ? await find.envelope(kind, id) : null;
    const row =
      envelope === null ? null : this.parts.policy.decideRow(envelope, type, this.parts.readerAccess);
    if (envelope === null || row === null || hasEnded(envelope)) return null;
    const { content } = await loaded(kind, String(id), find);
    return { envelope, content: content as Content, hidden: row.hidden };
  }
}

/**
 * Returns the organisation that leads a case in which procedures are run, or null. A case that was imported has no stored
 * progress: its content says where it stands.
 */
export function runningLead(progress: Progress | null, content: Content): string | null {
  const state = progress?.state ?? String(content['workflow']).toLowerCase();
  const [lead = null] = organisationsIn(progress?.facts['lead'] ?? content['lead'] ?? []);
  return runningStates.has(state) ? lead : null;
}

/** Returns whether a record was retracted or erased. */
export function hasEnded({ recordState }: Envelope): boolean {
  return recordState === 'RETRACTED' || recordState === 'ERASED';
}

/** Refuses a procedure of which a copied field has a separate marking: no run has the same readers. */
function refusePortions({ envelope }: Seen, hasPlan: boolean): void {
  const copied = hasPlan ? ['steps', 'plan'] : ['steps'];
  if (envelope.portions.some(({ path }) => copied.includes(path.split('.')[0] ?? '')))
    throw refused('procedure', 'its steps or its plan have a separate marking: no run can copy them');
}

/**
 * Returns whether a run is for more readers than the procedure whose steps it copies. `isOpen` is true if every reader reads
 * the procedure. Of one that a community reads, the run is for readers that the procedure names.
 */
export function isForFewer(procedure: Envelope, run: Envelope, isOpen: boolean, now: Date): boolean {
  const { audience, originator, embargoUntil } = procedure;
  const named = isOpen
    ? { ...noAudience, reach: audience.reach }
    : { ...audience, organisations: [...new Set([...audience.organisations, originator])] };
  const isOver = embargoUntil === null || embargoUntil <= now;
  const open = isOpen && isOver;
  return isWider({ ...procedure, audience: named, embargoUntil: isOver ? null : embargoUntil }, run, open);
}

function refused(name: string, message: string): Refused {
  return new Refused('INVALID', ['content', name], message);
}
