import type { Request, Response } from 'express';
import { type AgreementStates, readAgreementRequest } from '../../../../schema/protocol/agreement-states.ts';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import type { Community } from '../../../../schema/record/vocabulary.ts';
import { organisationsIn } from '../../../../schema/workflow/engine/condition.ts';
import { standingAt } from '../../../../schema/workflow/engine/progress.ts';
import type { Content } from '../../record/content.ts';
import { recordsOf } from '../../store/collections.ts';
import type { CommunityStore } from '../../store/store.ts';
import type { AssertedRequest } from '../../verify/verify.ts';
import { progressIn, type StoredProgress } from '../progress-store.ts';
import { workflowRulesOf } from '../rules.ts';

/**
 * Answers `POST /agreements`: the hub asks which agreements of its registry are in force. An agreement that was retracted
 * or erased, or that no move made, has no state: the hub then gives no right for it.
 */
export function createAgreementsEndpoint(store: CommunityStore, community: Community) {
  const { workflows, endOf } = workflowRulesOf(community);
  const workflow = workflows.get('Agreement')?.record ?? null;
  const statesOf = async (ids: readonly string[], now: Date): Promise<AgreementStates> => {
    if (workflow === null) return { agreements: [] };
    const query = { _id: { $in: [...ids] }, 'envelope.recordState': { $nin: ['RETRACTED', 'ERASED'] } };
    // Asked once a second: the text of the agreements stays in the store.
    const projection = { envelope: 1, 'content.parties': 1 } as const;
    const records = await recordsOf(store, 'Agreement').find(query, { projection }).toArray();
    const named = { _id: { $in: records.map(({ _id }) => _id) } };
    const progress = new Map((await progressIn(store).find(named).toArray()).map((one) => [one._id, one]));
    const agreements = records.flatMap((record) => {
      const stored = progress.get(record._id);
      if (stored === undefined) return [];
      const known = { progress: stored.progress, fields: {} };
      const { state } = standingAt(workflow, known, now, endOf);
      const { endsAt } = stored.progress.facts;
      return {
        record: record._id,
        state: isClosed(record, now) ? 'closed' : stateOf(state, stored, now),
        version: stored.version,
        endsAt: endsAt instanceof Date ? endsAt.toISOString() : null,
      };
    });
    return { agreements };
  };
  return async (request: Request, response: Response): Promise<void> => {
    const { assertion, now } = request as Request & AssertedRequest;
    const records = assertion.delivery === 'agreements' ? readAgreementRequest(request.body) : null;
    if (records === null) return void response.status(400).end();
    response.json(await statesOf(records, now));
  };
}

/** The rights begin at the instant that the parties stated, and end at the end date. The clock's move can be later. */
function stateOf(state: string, { progress }: StoredProgress, now: Date): string {
  const { inForceFrom, endsAt } = progress.facts;
  if (endsAt instanceof Date && endsAt <= now) return 'ended';
  return inForceFrom instanceof Date && inForceFrom > now ? 'signed' : state;
}

/**
 * Returns whether the marking keeps one of the parties from reading the agreement. That party could no longer suspend it,
 * so the agreement gives no right to anybody until its originator opens it again.
 */
function isClosed({ envelope, content }: Pick<StoredRecord, 'envelope' | 'content'>, now: Date): boolean {
  const { marking, audience, embargoUntil } = envelope;
  if (marking.tlp === 'RED' || (embargoUntil !== null && embargoUntil > now)) return true;
  const parties = organisationsIn((content as Content)['parties']);
  return parties.some((party) => !audience.organisations.includes(party));
}
