import type { ClientSession } from 'mongodb';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { moveBySystem } from '../../../../schema/workflow/engine/system.ts';
import { statesFrom } from '../../../../schema/workflow/language/check-states.ts';
import { nextEnvelope } from '../../changes/envelopes.ts';
import { readableOf } from '../../changes/find-record.ts';
import { invalid, Refused } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';
import { type Decided, othersIn, type WithOther } from './other-records.ts';
import { bySystem, MoveSteps } from '../move-steps.ts';
import { tell } from '../notices.ts';
import { movesIn, type StoredProgress, writeMove } from '../progress-store.ts';

/** Another case, as a merge finds it. */
type OtherCase = { readonly record: StoredRecord; readonly before: StoredProgress };

/**
 * The merge of two joint cases. Each lead makes a move on its own case, and must be able to read the other one. No reader and
 * no participant of one case gains the other: only fields that name the other case are written, and each reader sees them only
 * if the reader may read that case.
 */
export class CaseMerges extends MoveSteps {
  /** The lead of the case that is to be merged names the surviving one, whose lead is informed. */
  async propose(decided: Decided): Promise<WithOther> {
    const { kind, of, record, attempt } = decided;
    const surviving = await this.#findOpen(decided, attempt.input['surviving']);
    if (surviving === null)
      throw invalid('surviving', 'expected another case that is open and that you may read');
    const { lead } = surviving.before.progress.facts;
    const { now, reader } = this.parts.readerAccess;
    const also = async (session: ClientSession): Promise<void> => {
      if (typeof lead !== 'string' || lead === reader.organisation) return;
      const { version } = await this.progressOf(record._id, null, session);
      // The id is that of the notice to participants, so that a lead who takes part in both has one.
      const event = { id: `move ${version}`, event: 'move', name: attempt.move, sortAt: now } as const;
      const at = { ...this.in(of, kind, record.content as Content), record: record._id, organisation: null };
      const { happenedAt } = attempt;
      await tell(this.parts.store, at, { ...event, happenedAt, dependsOn: [] }, lead, session);
    };
    return { fields: { mergeProposed: surviving.record._id }, others: [], also };
  }

  /** The lead of the surviving case agrees. The other case is merged in the same transaction, on the version that was read. */
  async agree(decided: Decided): Promise<WithOther> {
    const { kind, of, record, attempt, input, session } = decided;
    const merged = await this.#findOpen(decided, attempt.input['merged']);
    if (merged === null || !(await this.#isProposed(merged, record._id, session)))
      throw invalid(
        'merged',
        'expected a case that is open, that you may read, and whose lead proposed to merge it into this one',
      );
    if (merged.record.envelope.version !== attempt.input['mergedVersion'])
      throw new Refused(
        'STALE_VERSION',
        ['mergedVersion'],
        'the case that is to be merged was changed since: read it again',
      );
    const old = merged.record.content as Content;
    const known = { progress: merged.before.progress, fields: old };
    const progress = moveBySystem(of, 'merge', known, attempt.happenedAt, this.endOf);
    if (progress === null) throw new Error('expected a case whose state permits its merge');
    const content = { ...old, workflow: 'MERGED_INTO', mergedInto: record._id, mergeProposed: null };
    const envelope = nextEnvelope(merged.record, this.parts.readerAccess.now);
    const id = merged.record._id;
    const entry = this.entry(of, id, { organisation: null }, attempt, input);
    const states = { from: merged.before.progress.state, to: progress.state, isHidden: false };
    const made = { ...entry, ...bySystem, ...states, move: 'merge' };
    return {
      fields: { mergedFrom: [...othersIn(record, 'mergedFrom'), id] },
      others: [this.remade(kind, merged.record, envelope, content, () => true)],
      also: async (by) => {
        const at = this.in(of, kind, content);
        await writeMove(this.parts.store, at, made, { progress }, merged.before, by);
      },
    };
  }

  /** Returns another case that the reader may read and whose state permits a merge. Null for any other. */
  async #findOpen({ kind, of, find, session, record }: Decided, id: unknown): Promise<OtherCase | null> {
    if (typeof id !== 'string' || id === record._id) return null;
    const found = await readableOf(this.parts, find, kind, id);
    const before = found === null ? null : await this.findProgress(id, null, session);
    const merge = of.moves['merge'];
    if (found === null || before === null || merge === undefined) return null;
    const { policy, readerAccess } = this.parts;
    const hidden = policy.decideRow(found.envelope, kind.type, readerAccess)?.hidden ?? new Set();
    // The answer would tell the value of a field that the reader may not see.
    if (['workflow', 'progress', 'mergeProposed'].some((name) => hidden.has(name))) return null;
    return statesFrom(of, merge).includes(before.progress.state) ? { record: found, before } : null;
  }

  /** Returns whether the organisation that leads a case now proposed last to merge it into another. */
  async #isProposed(
    { record, before }: OtherCase,
    surviving: string,
    session: ClientSession,
  ): Promise<boolean> {
    if ((record.content as Content)['mergeProposed'] !== surviving) return false;
    const made = { record: record._id, organisation: null, stage: 'made' as const };
    const last = await movesIn(this.parts.store).findOne(
      { ...made, move: { $in: ['proposeMerge', 'withdrawMerge'] } },
      { session, sort: { recordedAt: -1, _id: -1 } },
    );
    return last?.move === 'proposeMerge' && last.by.organisation === before.progress.facts['lead'];
  }
}
