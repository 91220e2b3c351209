import { HubError } from '../../schema/errors.ts';
import type { Run } from '../../schema/runtime/observe/run.ts';
import { type Community, communityField } from '../../schema/record/vocabulary.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { disclose, factsOf, keyOf, prepare, type Stages } from '../answer.ts';
import { fieldsOf } from '../audit/fields.ts';
import { free } from '../budget/charge.ts';
import { contextOfEvent } from '../live/read-event.ts';
import type { Registry } from '../registry/registry.ts';
import type { Revocations } from '../registry/revocations.ts';
import type { Webhook } from '../registry/webhooks.ts';
import type { Identity } from '../request/context.ts';
import { createParse } from '../request/parse.ts';
import { type Holds, holdsRed, joinMarkings } from '../shape/holds.ts';

/** The parts of the hub with which the notice of a delivery is read. */
export type ReadParts = {
  readonly stages: () => Stages;
  readonly policy: () => Policy;
  readonly registry: Pick<Registry, 'findMembership'> & Revocations;
  readonly run?: Run;
};

/** A notice as the reader of a webhook sees it now, and what every answer states. */
export type ReadNotice = {
  readonly notice: Readonly<Record<string, unknown>> & { readonly at: string };
  readonly extensions: {
    readonly picture: string;
    readonly holds: Holds | null;
    readonly correlationId: string;
  };
};

/** Why a notice is never sent, for the operators. */
export type Withheld = { readonly withheld: string };

const parse = createParse();
const tokenMs = 60_000;

/**
 * Reads a notice as the reader of a webhook, through the same stages as an event of a subscription. It is recorded in the
 * audit log under the reader's name before it returns. Returns null if the reader may not see it, and Withheld if the entry of
 * the webhook is the reason why it is not sent. Throws if that cannot be decided or recorded now.
 */
export async function readNotice(
  webhook: Webhook,
  { community, notice: id }: { readonly community: Community; readonly notice: string },
  { stages: stagesOf, policy: policyOf, registry, run }: ReadParts,
  signal: AbortSignal,
): Promise<ReadNotice | Withheld | null> {
  const identity = await identityOf(webhook, registry, new Date());
  if (identity === null)
    return { withheld: 'the subject is no member of the organisation, or is revoked: correct the entry' };
  const policy = policyOf();
  const stages = stagesOf();
  const context = contextOfEvent({ identity, policy }, signal, run);
  const query = `query Notice($id: ID!) { notice: ${communityField(community)}Notice(id: $id) {
    id recordId thread { id } workflow event name happenedAt at
  } }`;
  // The events of subscriptions are not charged either.
  const prepared = await prepare(parse({ query, variables: { id } }), context, { ...stages, charge: free });
  // A supergraph without the community, for example. The notice is tried again.
  if ('errors' in prepared) throw new HubError('PART_UNAVAILABLE');
  const { allowed, refused } = prepared.decision;
  if (allowed === null || refused.length > 0) return null;
  const { variables } = prepared;
  const { written, collected } = await stages.gather(
    { key: keyOf(allowed, prepared), document: allowed, variables },
    context,
  );
  const { failedSubgraphs, errorCodes } = collected;
  if (failedSubgraphs.size + errorCodes.size > 0) throw new HubError('PART_UNAVAILABLE');
  const data = written?.data ?? null;
  const notice = (data?.['notice'] ?? null) as ReadNotice['notice'] | null;
  // A RED record is for screens only. The community decides that too.
  if (notice === null || collected.disclosed.some(holdsRed)) return null;
  // Nothing is disclosed, so nothing is recorded.
  if (Date.parse(notice.at) < webhook.from.getTime()) return { withheld: 'entered before the webhook began' };
  const fields = fieldsOf(allowed, variables.coerced, data, stages.planner.schema);
  await disclose({ ...factsOf(prepared, context), fields }, collected, context, stages);
  const { correlationId } = context;
  const { picture } = identity.reader;
  return { notice, extensions: { picture, holds: joinMarkings(collected.disclosed), correlationId } };
}

/**
 * Returns the reader of a webhook, with the facts that the registry has at this second. It is a machine, never on screen,
 * and has no office. Returns null if the subject is no member of the webhook's organisation, or if its tokens are revoked.
 */
async function identityOf(
  { _id, subject, organisation, purpose, picture }: Webhook,
  registry: ReadParts['registry'],
  now: Date,
): Promise<Identity | null> {
  const clientId = `webhook:${_id}`;
  if (registry.isRevoked({ id: clientId, subject }, now)) return null;
  const membership = await registry.findMembership(subject, now);
  if (membership === null || membership.organisation !== organisation) return null;
  const { budget, ...facts } = membership;
  const reader = {
    subject,
    ...facts,
    offices: [],
    client: 'machine',
    purpose,
    picture,
    onScreen: false,
  } as const;
  return { reader, token: { clientId, id: null }, expiresAt: new Date(now.getTime() + tokenMs), budget };
}
