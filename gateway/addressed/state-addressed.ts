import { randomUUID } from 'node:crypto';
import { HubError } from '../../schema/errors.ts';
import { type Addressed, maxAddressed } from '../../schema/protocol/addressed.ts';
import type { RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { nobody } from '../../schema/protocol/reader.ts';
import { organisationKey } from '../../schema/record/keys.ts';
import { organisationIn } from '../../schema/record/shared-types.ts';
import { disclose, factsOf, keyOf, prepare, type Prepared, type Stages } from '../answer.ts';
import { fieldsOf } from '../audit/fields.ts';
import { free } from '../budget/charge.ts';
import { retryAfterSeconds } from '../http/load.ts';
import type { RequestContext } from '../request/context.ts';
import { isChange } from '../request/operation.ts';
import { createParse } from '../request/parse.ts';
import { lookupOf, type Named, namedIn } from './named-record.ts';

const parse = createParse();

/** The most characters of all organisations in a statement: the assertion is a header of the request. */
const maxCharacters = 6000;

/**
 * Adds the hub's statement to the context of a mutation that recalls a record or asks for its release: the addressees of the
 * new record. The hub makes it only if this reader may read the record. Nothing of it comes from the client, and a client
 * cannot set it.
 */
export async function stateAddressed(
  { decision: { allowed }, variables }: Prepared,
  context: RequestContext,
  stages: Stages,
): Promise<RequestContext> {
  const { schema } = stages.planner;
  // Most operations are queries: no document of them is searched.
  if (allowed === null || !isChange(allowed)) return context;
  const named = namedIn(allowed, variables.coerced, schema);
  if (named === null) return context;
  const read = await readEnvelope(named.record, context, stages);
  const statement = read && (await addressed[named.by](named, read, context, stages));
  return statement === null ? context : { ...context, addressed: { community: named.keeper, statement } };
}

type State = (
  named: Named,
  read: ReadEnvelope,
  context: RequestContext,
  stages: Stages,
) => Promise<Addressed | null>;

const addressed: Readonly<Record<Named['by'], State>> = { log: stateReceivers, originator: stateOriginator };

/**
 * States the originator of a record that the reader may read. For a hidden record and for one that does not exist the hub states
 * nothing, so that the two requests look alike. It states nothing either about a record that is not released on request. The
 * colleagues of the reader read the reader's request. If they may not know that the record exists, its originator gets the
 * request without them learning of it. An originator that the registry does not have is not stated: another organisation could
 * be registered by that id later.
 */
async function stateOriginator(
  { record }: Named,
  { originator, isHeldBack, isByTwo, recordReading }: ReadEnvelope,
  context: RequestContext,
  stages: Stages,
): Promise<Addressed | null> {
  const organisation = organisationIn(originator);
  if (organisation === null || isHeldBack) return null;
  const named = { organisations: [organisation], sharingGroups: [], persons: [], agreements: [] };
  const { organisations } = await stages.store.registry.findRecipients(named);
  if (organisations.length === 0) return null;
  const isOpen = !isByTwo && (await readEnvelope(record, ofColleague(context), stages)) !== null;
  await recordReading();
  if (isOpen) return { record, organisations };
  return { record, organisations: [], discreet: organisations, ...(!isByTwo && { byOne: true }) };
}

/**
 * Returns the request as a colleague of the reader makes it, for the same purpose. The colleague has only what the registry gives
 * every member of the organisation. Roles, sharing groups, agreements and grants are left out, because some members lack them,
 * and so is every property that readers get in a later version.
 */
function ofColleague(context: RequestContext): RequestContext {
  const { organisation, communities, memberState, onwardShares, purpose, picture } = context.reader;
  const ofAll = { organisation, communities, memberState, onwardShares };
  return { ...context, reader: { ...nobody, ...ofAll, purpose, picture } };
}

/**
 * States which other organisations received a record, by the audit log, in the picture of the request. Null if another
 * organisation than the reader's asserts it: the community refuses the recall in one way for all reasons.
 */
async function stateReceivers(
  { record }: Named,
  read: ReadEnvelope,
  context: RequestContext,
  stages: Stages,
): Promise<Addressed | null> {
  const { organisation, picture } = context.reader;
  if (read.originator !== organisationKey(organisation)) return null;
  await read.recordReading();
  const { findReceivers, registry } = stages.store;
  const { deadline, signal } = context;
  const asked = { record, community: read.custodian, picture, by: organisation, deadline, signal };
  const found = await orRetryLater(findReceivers(asked), context);
  const others = (found ?? []).filter((one) => one !== organisation);
  const named = { organisations: others, sharingGroups: [], persons: [], agreements: [] };
  const { organisations } = others.length === 0 ? named : await registry.findRecipients(named);
  return statementOf(record, found === null ? null : organisations);
}

/** Says when to try again, if the searches in progress leave no room. */
async function orRetryLater<Result>(
  search: Promise<Result>,
  { setHeaders }: RequestContext,
): Promise<Result> {
  try {
    return await search;
  } catch (error) {
    if (error instanceof HubError && error.code === 'OVERLOADED')
      setHeaders({ 'retry-after': retryAfterSeconds });
    throw error;
  }
}

function statementOf(record: string, organisations: readonly string[] | null): Addressed {
  if (organisations === null) return { record, organisations: [], beyond: 'entries' };
  const isBeyond = organisations.length > maxAddressed || organisations.join().length > maxCharacters;
  if (isBeyond) return { record, organisations: [], beyond: 'organisations' };
  return { record, organisations: organisations.toSorted() };
}

/** The part of a record's envelope that decides on the addressees. `recordReading` writes the reading to the audit log. */
type ReadEnvelope = {
  readonly originator: unknown;
  readonly custodian: string;
  /** Whether its marking excludes a release on request. */
  readonly isHeldBack: boolean;
  /** Whether it takes two persons to release it. If so, the colleagues of the reader may not know that it exists. */
  readonly isByTwo: boolean;
  readonly recordReading: () => Promise<void>;
};

/**
 * Reads the envelope of a record as this reader, through the same stages as a query. Null if it does not exist or the reader
 * may not see it. Throws PART_UNAVAILABLE if its community does not answer.
 */
async function readEnvelope(
  record: string,
  request: RequestContext,
  stages: Stages,
): Promise<ReadEnvelope | null> {
  const lookup = lookupOf(record, stages.planner.schema);
  if (lookup === null) return null;
  const context = { ...request, correlationId: randomUUID(), setHeaders: () => undefined };
  const query = `query Named($id: ID!) { named: ${lookup}(id: $id) { id envelope { originator { id } embargoUntil } } }`;
  const operation = parse({ query, variables: { id: record } });
  // The mutation was charged.
  const prepared = await prepare(operation, context, { ...stages, charge: free });
  if ('errors' in prepared) return null;
  const { allowed, refused } = prepared.decision;
  if (allowed === null || refused.length > 0) return null;
  const { variables } = prepared;
  const asked = { key: keyOf(allowed, prepared), document: allowed, variables };
  const { written, collected } = await stages.gather(asked, context);
  if (collected.failedSubgraphs.size > 0) throw new HubError('PART_UNAVAILABLE');
  const data = written?.data ?? null;
  const found = data?.['named'] as Found | null | undefined;
  const disclosed = collected.disclosed.find(({ id }) => id === record);
  if (found === null || found === undefined || found.id !== record || disclosed === undefined) return null;
  const fields = fieldsOf(allowed, variables.coerced, data, stages.planner.schema);
  return {
    originator: found.envelope?.originator?.id,
    custodian: disclosed.community,
    isHeldBack: isHeld(disclosed) || isEmbargoed(found, request.at),
    isByTwo: disclosed.tlp === 'RED' || disclosed.handlingCodes.some((code) => code !== 'H0'),
    // The change tells the reader that the record exists and which organisation asserts it.
    recordReading: async () =>
      await disclose({ ...factsOf(prepared, context), fields }, collected, context, stages),
  };
}

type Found = {
  readonly id?: unknown;
  readonly envelope?: {
    readonly originator?: { readonly id?: unknown } | null;
    readonly embargoUntil?: unknown;
  } | null;
};

/** A request for such a record has no addressee: no release of it is made on request. */
function isHeld({ handlingCodes, extraRestrictions }: RecordedDisclosure): boolean {
  return handlingCodes.includes('H3') || extraRestrictions.length > 0;
}

function isEmbargoed({ envelope }: Found, now: Date): boolean {
  const end = envelope?.embargoUntil;
  return typeof end === 'string' && new Date(end) > now;
}
