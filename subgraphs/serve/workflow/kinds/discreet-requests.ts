import type { Addressed } from '../../../../schema/protocol/addressed.ts';
import type { Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import type { Progress } from '../../../../schema/workflow/engine/progress.ts';
import { initialState } from '../../../../schema/workflow/language/check-states.ts';
import { newEnvelope } from '../../changes/envelopes.ts';
import type { Kind } from '../../kind.ts';
import type { Content } from '../../record/content.ts';
import type { CreatingInput } from '../move-input.ts';
import { MoveSteps } from '../move-steps.ts';
import { writeMove } from '../progress-store.ts';
import type { WithOther } from './other-records.ts';

/** A release request that was decided. */
type Asked = {
  readonly id: string;
  readonly content: Content;
  readonly attempt: Attempt;
  readonly progress: Progress;
  readonly input: CreatingInput;
};

/** The fact of a passed request that has the id of the asker's. No reader sees it. */
export const passedFrom = 'passedFrom';

/**
 * Returns the organisations that get the request of a record which the colleagues of the asker must not learn of. Empty for any
 * other record, and without the hub's statement.
 */
export function discreetIn({ recordId }: Content, addressed: Addressed | null): readonly string[] {
  return addressed === null || addressed.record !== recordId ? [] : (addressed.discreet ?? []);
}

/**
 * Release requests for records that the colleagues of the asker must not know of, such as RED ones. The asker's request looks like
 * one for a record that does not exist. The originator gets a second request, whose originator it is. The asker's organisation
 * does not read that one.
 */
export class DiscreetRequests extends MoveSteps {
  /** Returns the request that the originator gets. Null if there is none. */
  passed(kind: Kind, asked: Asked): WithOther | null {
    const { record: of, thread } = this.of(kind.type);
    const [originator] = discreetIn(asked.content, this.addressed);
    if (originator === undefined || of === null || thread === null) return null;
    const { attempt, progress, input } = asked;
    const content = { ...asked.content, needsSecondPerson: this.addressed?.byOne !== true };
    const reading = this.readingOf(kind, {
      marking: { tlp: 'AMBER_STRICT' },
      audience: { reach: 'NAMED', organisations: [originator] },
    });
    // All members of its originator read the passed request. The joint unit only passes it on: its members must not learn of the
    // record, and neither must the asker's.
    const own = newEnvelope(this.parts, kind, content, reading);
    const envelope = { ...own, originator, provider: this.parts.community };
    const passed = this.newRecord(kind, { envelope, content });
    const facts = { ...progress.facts, [passedFrom]: asked.id };
    const received = { ...progress, state: initialState(thread), facts: {} };
    const starts = [
      { workflow: of, organisation: null, start: { ...progress, facts } },
      { workflow: thread, organisation: originator, start: received },
    ];
    return {
      fields: {},
      others: [passed],
      also: async (session) => {
        for (const { workflow, organisation, start } of starts) {
          const entry = this.entry(workflow, passed.id, { organisation }, { ...attempt, input: {} }, input);
          const first = { ...entry, from: null, to: start.state, isHidden: false };
          const at = this.in(workflow, kind, content);
          await writeMove(this.parts.store, at, first, { progress: start }, null, session);
        }
      },
    };
  }
}
