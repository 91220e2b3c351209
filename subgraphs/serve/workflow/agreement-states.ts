import type { Request, Response } from 'express';
import { type AgreementStates, readAgreementRequest } from '../../../schema/protocol/agreement-states.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import { standingAt } from '../../../schema/workflow/engine/progress.ts';
import { recordsOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import type { AssertedRequest } from '../verify/verify.ts';
import { progressIn } from './progress-store.ts';
import { workflowRulesOf } from './rules.ts';

/**
 * Answers `POST /agreements`: the hub asks which agreements of its registry are in force. An agreement that was retracted
 * or erased, or that no move made, has no state: the hub then gives no right for it.
 */
export function createAgreementsEndpoint(store: CommunityStore, community: Community) {
  const { workflows, endOf } = workflowRulesOf(community);
  const workflow = workflows.get('Agreement')?.record ?? null;
  const statesOf = async (records: readonly string[], now: Date): Promise<AgreementStates> => {
    if (workflow === null) return { agreements: [] };
    const query = { _id: { $in: [...records] }, 'envelope.recordState': { $nin: ['RETRACTED', 'ERASED'] } };
    const found = await recordsOf(store, 'Agreement')
      .find(query, { projection: { _id: 1 } })
      .toArray();
    const ids = found.map(({ _id }) => _id);
    const stored = await progressIn(store)
      .find({ _id: { $in: ids } })
      .toArray();
    return {
      agreements: stored.map(({ record, progress }) => ({
        record,
        state: isOver(progress.facts['endsAt'], now)
          ? 'ended'
          : standingAt(workflow, { progress, fields: {} }, now, endOf).state,
      })),
    };
  };
  return async (request: Request, response: Response): Promise<void> => {
    const { assertion, now } = request as Request & AssertedRequest;
    const records = assertion.delivery === 'agreements' ? readAgreementRequest(request.body) : null;
    if (records === null) return void response.status(400).end();
    response.json(await statesOf(records, now));
  };
}

/** Returns whether an agreement's end date is over. The clock's move that ends it can be made a moment later. */
function isOver(endsAt: unknown, now: Date): boolean {
  return endsAt instanceof Date && endsAt <= now;
}
