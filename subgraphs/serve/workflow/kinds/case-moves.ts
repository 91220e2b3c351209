import { sharedKey } from '../../../../schema/record/shared-types.ts';
import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import { newEnvelope } from '../../changes/envelopes.ts';
import { type Finder, readableOf } from '../../changes/find-record.ts';
import { invalid, notFound } from '../../changes/refused.ts';
import { CaseMerges } from './case-merges.ts';
import { type Decided, narrowedReading, othersIn, type WithOther } from './other-records.ts';
import { listIn } from '../effect.ts';
import { findNamedActor } from '../first-grounds.ts';
import { bySystem, type MoveParts, MoveSteps } from '../move-steps.ts';
import { writeMove } from '../progress-store.ts';

/** The moves of joint cases that change another case in the same transaction. */
export class CaseMoves extends MoveSteps {
  readonly #merges: CaseMerges;

  constructor(parts: MoveParts) {
    super(parts);
    this.#merges = new CaseMerges(parts);
  }

  /** Returns what a move writes in another case; null for a move that concerns its case only. */
  async withOther(decided: Decided): Promise<WithOther | null> {
    if (decided.of.name !== 'case') return null;
    const { move } = decided.attempt;
    if (move === 'split') return await this.#split(decided);
    if (move === 'proposeMerge') return await this.#merges.propose(decided);
    return move === 'agreeMerge' ? await this.#merges.agree(decided) : null;
  }

  /** Makes the new case: a draft of the lead that names the case which it was split from, and has nothing of its content. */
  async #split(decided: Decided): Promise<WithOther> {
    const { kind, of, record, attempt, input } = decided;
    const seen = this.visibleOf(kind, record);
    const { childCase, codename, movedTasks } = attempt.input;
    const key = typeof childCase === 'string' ? sharedKey('JointCase', childCase) : null;
    if (key === null || key === seen['case'])
      throw invalid('childCase', 'expected the id of another joint case, such as JC-2026-0008');
    const named = { input: { title: codename }, fields: { actors: seen['actors'] ?? [] } };
    const refused = await findNamedActor(this.parts, named, ['codename']);
    if (refused !== null) throw refused;
    const split = othersIn(record, 'splitInto');
    const linkedRecords = await this.#linked(decided, seen['case']);
    const given = {
      case: key,
      title: codename,
      workflow: 'SPLIT_FROM',
      splitFrom: record._id,
      linkedRecords,
    };
    const { content } = await this.take(kind, given);
    const { organisation } = this.parts.readerAccess.reader;
    // The child has nothing of the content, and so none of its portions.
    const reading = narrowedReading(record.envelope, organisation, {});
    const envelope = newEnvelope(this.parts, kind, content, reading);
    if (!this.mayOn('move', kind, envelope)) throw notFound();
    const child = this.newRecord(kind, { envelope, content });
    const progress: Progress = {
      state: 'split-from',
      since: attempt.happenedAt,
      facts: { drafter: organisation, proposedLead: organisation },
      former: null,
    };
    const entry = this.entry(of, child.id, { organisation: null }, attempt, input);
    const tasks = movedTasks === undefined ? {} : { movedTasks };
    const made = { ...entry, ...bySystem, move: 'splitChild', from: null, to: progress.state, input: tasks };
    return {
      fields: { splitInto: [...split, child.id] },
      others: [child],
      also: async (session) => {
        const at = this.in(of, kind, content);
        await writeMove(this.parts.store, at, { ...made, isHidden: false }, { progress }, null, session);
      },
    };
  }

  /**
   * Returns the ids of the records that go to the new case, each once. Throws the same Refused for one that does not exist, that
   * the reader may not read, and that does not belong to the case which is split.
   */
  async #linked({ find, attempt: { input } }: Decided, joint: unknown): Promise<readonly string[]> {
    const ids = [...new Set(listIn(input['records']))];
    for (const id of ids)
      if (typeof joint !== 'string' || (await this.#caseOf(find, id)) !== joint)
        throw invalid('records', 'expected ids of records of the joint unit that belong to this case');
    return ids;
  }

  /** Returns the joint case of a record that the reader may read, and whose field `case` the reader may see. */
  async #caseOf(find: Finder, id: string): Promise<unknown> {
    const kind = this.parts.kinds.find(({ type }) => id.startsWith(`${type}:`));
    if (kind === undefined) return null;
    const record = await readableOf(this.parts, find, kind, id);
    return record === null ? null : this.visibleOf(kind, record)['case'];
  }
}
