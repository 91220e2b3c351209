import type { ClientSession } from 'mongodb';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Known } from '../../../schema/workflow/engine/progress.ts';
import { loaded, staleVersion } from '../changes/change-steps.ts';
import { notFound, Refused } from '../changes/refused.ts';
import type { Unwritten } from '../changes/write-once.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { fromGraph } from './graph-values.ts';
import { valuesIn } from './move-input.ts';
import { followOnOthers } from './follow-on-others.ts';
import { bySystem, MoveSteps, type Requested } from './move-steps.ts';
import { isMasked, maxThreads, progressIn, threadsOf, writeMove } from './progress-store.ts';
import { actorOn } from './relations.ts';
import { newPartOf, partEffectsOf } from './part-effects.ts';
import { refuseOutOfOrder, refuseStep } from './kinds/step-grounds.ts';

/** The moves in parts of a record, such as the stages of a file. Each part has its state, its version and its history. */
export class PartMoves extends MoveSteps {
  /** Makes a move in a part. A move that makes a part is based on the version of the record. */
  async make({ kind, of, move, input, find, session }: Requested): Promise<Unwritten> {
    const { store, readerAccess } = this.parts;
    const envelope = await this.admitted(kind, input.id, 'move', find);
    const content = (await loaded(kind, input.id, find)).content as Content;
    const ofRecord = await progressIn(store).findOne({ _id: input.id }, { session });
    if (ofRecord === null) throw notFound();
    const parts = await threadsOf(store, input.id, session);
    const isNew = of.moves[move]?.from === 'none';
    const { [of.subject]: named, ...stated } = valuesIn(input);
    const before = isNew ? null : (parts.find(({ part }) => part === named) ?? null);
    if (before === null && !isNew)
      throw new Refused('INVALID', [of.subject], `expected the name of a ${of.subject} of this record`);
    if (input.expectedVersion !== (before ?? envelope).version) throw staleVersion();
    if (isNew && parts.length >= maxThreads)
      throw new Refused('CLOSED', ['id'], `expected ${maxThreads} of its kind at most`);
    const fields = { ...content, ...ofRecord.progress.facts };
    const known: Known | null = before === null ? null : { progress: before.progress, fields };
    const actor = actorOn(of, readerAccess, { ...fields, ...before?.progress.facts }, null);
    const attempt = {
      ...this.attempt(move, input),
      known,
      fields,
      actor,
      input: fromGraph(of, move, stated),
    };
    const wanted = {
      attempt,
      envelope,
      run: ofRecord.progress,
      parts,
      before,
      hidden: this.#hidden(kind, envelope),
    };
    refuseOutOfOrder(of, wanted);
    const decided = this.decided(of, attempt);
    await refuseStep(of, wanted, { store, readerAccess, session });
    const moved = { attempt, progress: decided, file: ofRecord.progress, parts, before };
    const { facts = {}, parts: others = [] } = partEffectsOf(of.name, { ...moved, regimes: this.regimes });
    const progress = { ...decided, facts: { ...decided.facts, ...facts } };
    const part = before?.part ?? newPartOf(progress, parts);
    const made = {
      ...this.entry(of, input.id, { organisation: null, part }, attempt, input),
      from: before?.progress.state ?? null,
      to: progress.state,
      isHidden: isMasked(of, progress),
    };
    const also = async (by: ClientSession): Promise<void> => {
      // A move of the record meanwhile conflicts with it, in another process too.
      await progressIn(store).updateOne({ _id: input.id }, { $inc: { partMoves: 1 } }, { session: by });
      await writeMove(store, this.in(of, kind, content), made, { progress }, before, by);
      await this.writeParts(kind, content, { ...made, ...bySystem }, others, by);
      const { exercise } = envelope;
      const at = { ...this.in(of, kind, content), record: this.of(kind.type).record, exercise };
      await followOnOthers(store, at, made, by);
    };
    return { record: input.id, version: envelope.version, also };
  }

  #hidden(kind: Kind, envelope: Envelope): ReadonlySet<string> {
    const { policy, readerAccess } = this.parts;
    return policy.decideRow(envelope, kind.type, readerAccess)?.hidden ?? new Set();
  }
}
