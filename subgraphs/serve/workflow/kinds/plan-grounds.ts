import type { ClientSession } from 'mongodb';
import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import { invalid, Refused } from '../../changes/refused.ts';
import type { Content } from '../../record/content.ts';
import { namedRecord } from '../../changes/find-record.ts';
import { recordsOf, schemaOf } from '../../store/collections.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { Recorded, RecordedCheck } from '../ground.ts';
import { idOfMove, movesIn, progressIn, type StoredMove, type StoredProgress } from '../progress-store.ts';

/** The grounds of refusal of moves on response plans that need the store. */
export const groundsOfPlans: Readonly<Record<string, RecordedCheck>> = {
  'response-plan.resolve': async (recorded) => {
    const { comments } = await consultationOf(recorded);
    const { comment } = recorded.input;
    return comments.some(({ id }) => id === comment)
      ? null
      : invalid('comment', 'expected the id of a comment on the present text, from the moves');
  },
  'response-plan.toApproval': async (recorded) => {
    const open = (await consultationOf(recorded)).comments.find(({ isOpen }) => isOpen);
    if (open === undefined) return null;
    const { id, by } = open;
    return new Refused(
      'WRONG_STATE',
      [],
      `the blocking comment ${id} of ${by} is open: accept it, or record it as a reservation`,
    );
  },
  'response-plan.tested': async (recorded) => {
    const { exercise } = recorded.input;
    const found = await namedRecord(recorded, 'ExercisePlan', String(exercise), ['state']);
    if ((found?.content as Content | undefined)?.['state'] === 'EVALUATED') return null;
    return invalid('exercise', 'expected an exercise that you may read and that was evaluated');
  },
  'response-plan.force': async ({ store, record, known, session }) => {
    const parent = known?.fields['parent'];
    if (typeof parent !== 'string') return null;
    const found = await findVersion(store, parent, session);
    const isSame = found !== null && isSamePlan(found, known?.progress.facts ?? {}, known?.fields ?? {});
    if (isSame && found.stored.progress.state === 'in-force' && parent !== record) return null;
    return new Refused(
      'WRONG_STATE',
      [],
      'the version that it replaces is not in force any more: draft a version that replaces the one in force',
    );
  },
};

/** A comment of the present consultation. A blocking one is open until it is accepted or recorded as a reservation. */
type Comment = { readonly id: string; readonly by: string; readonly isOpen: boolean };

async function consultationOf({
  store,
  record,
  session,
}: Recorded): Promise<{ readonly comments: readonly Comment[] }> {
  const made = { record, organisation: null, stage: 'made' as const };
  const find = { ...made, move: { $in: ['submit', 'comment', 'resolve'] } };
  const moves = await movesIn(store).find(find, { session }).sort({ recordedAt: 1, _id: 1 }).toArray();
  const present = moves.slice(moves.findLastIndex(({ move }) => move === 'submit') + 1);
  const answers = present.filter(({ move }) => move === 'resolve');
  const comments = present.filter(({ move }) => move === 'comment');
  return {
    comments: comments.map(({ _id, by, input }) => {
      const id = idOfMove(_id);
      const last = answers.findLast((answer) => answer.input['comment'] === id);
      return { id, by: by.organisation, isOpen: input['weight'] === 'blocking' && !isSettled(last) };
    }),
  };
}

function isSettled(answer: Pick<StoredMove, 'input'> | undefined): boolean {
  return answer?.input['answer'] === 'accepted' || answer?.input['reservation'] === true;
}

/** A stored version of a plan, with its progress. */
export type PlanVersion = { readonly content: Content; readonly stored: StoredProgress };

/** Returns a version of a plan; null if the id is not that of one that moves made. */
export async function findVersion(
  store: CommunityStore,
  id: string,
  session?: ClientSession,
): Promise<PlanVersion | null> {
  const by = session === undefined ? {} : { session };
  const stored = await progressIn(store).findOne({ _id: id, workflow: 'response-plan' }, by);
  const document = await recordsOf(store, 'ResponsePlan').findOne({ _id: id }, by);
  const record = document === null ? null : schemaOf(store, 'ResponsePlan').read(document);
  return stored === null || record === null ? null : { stored, content: record.content as Content };
}

/** Whether a version belongs to the plan of these facts and fields: of the same kind, Member State and editor. */
export function isSamePlan({ content, stored }: PlanVersion, facts: Content, fields: Content): boolean {
  const { kind, editor } = stored.progress.facts;
  const [state, other] = [content, fields].map(({ memberState }) => memberState ?? null);
  const isOfEditor = organisationsIn(editor).join() === organisationsIn(facts['editor']).join();
  return kind === facts['kind'] && isOfEditor && state === other;
}
