import { randomUUID } from 'node:crypto';
import { HubError } from '../../schema/errors.ts';
import { endOfPlace, grantIdOf } from '../../schema/record/release.ts';
import { organisationIn } from '../../schema/record/shared-types.ts';
import { keyOf, prepare, type Prepared, type Stages } from '../answer.ts';
import { free } from '../budget/charge.ts';
import type { RequestContext } from '../request/context.ts';
import { inputsIn } from '../request/inputs-in.ts';
import { isChange } from '../request/operation.ts';
import { createParse } from '../request/parse.ts';
import type { Proposal } from '../request/proposal.ts';
import type { GrantEntry } from '../registry/grants.ts';
import { lookupOf } from './named-record.ts';

const parse = createParse();

/** The inputs that confirm a release, and that withdraw a proposed one. */
const acts: Readonly<Record<string, 'confirm' | 'withdraw'>> = {
  ConfirmReleaseInput: 'confirm',
  EndReleaseOfRecordInput: 'withdraw',
};

/** The most releases that an operation confirms. Each of them is looked up. */
const maxConfirmed = 3;
/** The most withdrawn releases of an operation that are looked up. Further ones keep their places until they lapse. */
const maxWithdrawn = 3;

/**
 * Finds the proposed releases that an operation confirms or withdraws. The client names them by ids that only the community
 * knows, so the hub reads the records as this reader. It reads none for other operations. Throws OPERATION_TOO_LARGE for more
 * confirmations than it looks up, because the registry would end a release that it does not know as confirmed. Throws
 * PART_UNAVAILABLE if the community of a record does not answer.
 */
export async function findProposals(
  { decision: { allowed }, variables }: Prepared,
  context: RequestContext,
  stages: Stages,
): Promise<readonly Proposal[]> {
  if (allowed === null || !isChange(allowed)) return [];
  const found = inputsIn(allowed, variables.coerced, stages.planner.schema).flatMap(({ type, values }) => {
    const { id, release } = values;
    const act = acts[type];
    return act === undefined || typeof id !== 'string' || typeof release !== 'string'
      ? []
      : [{ id, release, act }];
  });
  const confirmed = found.filter(({ act }) => act === 'confirm');
  if (confirmed.length > maxConfirmed)
    throw new HubError(
      'OPERATION_TOO_LARGE',
      `expected at most ${maxConfirmed} confirmed releases in an operation, got ${confirmed.length}`,
    );
  const withdrawn = found.filter(({ act }) => act === 'withdraw').slice(0, maxWithdrawn);
  const read = [...confirmed, ...withdrawn].map(async ({ id, release, act }) => {
    const one = await grantOf(id, release, context, stages);
    return one === null
      ? []
      : [{ release, grant: one.grant, act: one.hasLapsed ? ('lapsed' as const) : act }];
  });
  return (await Promise.all(read)).flat();
}

/** Returns the grant of a release if the record shows it to the reader as proposed or lapsed. */
async function grantOf(
  record: string,
  release: string,
  request: RequestContext,
  stages: Stages,
): Promise<{ readonly grant: GrantEntry; readonly hasLapsed: boolean } | null> {
  const lookup = lookupOf(record, stages.planner.schema);
  if (lookup === null) return null;
  const context = { ...request, correlationId: randomUUID(), setHeaders: () => undefined };
  const query = `query Proposed($id: ID!) { named: ${lookup}(id: $id) {
    id envelope { releases { id to { id } until proposal { state person confirmBy } } }
  } }`;
  const prepared = await prepare(parse({ query, variables: { id: record } }), context, {
    ...stages,
    charge: free,
  });
  if ('errors' in prepared) return null;
  const { allowed } = prepared.decision;
  if (allowed === null) return null;
  const { variables } = prepared;
  const asked = { key: keyOf(allowed, prepared), document: allowed, variables };
  const { written, collected } = await stages.gather(asked, context);
  if (collected.failedSubgraphs.size > 0) throw new HubError('PART_UNAVAILABLE');
  const named = written?.data?.['named'] as Found | null | undefined;
  const one = named?.envelope?.releases?.find(({ id }) => id === release);
  return one === undefined ? null : grantIn(one, request);
}

function grantIn(
  { to: given, until: end, proposal }: FoundRelease,
  { reader, at }: RequestContext,
): { readonly grant: GrantEntry; readonly hasLapsed: boolean } | null {
  const to = organisationIn(given?.id);
  const { state, person: named, confirmBy } = proposal ?? {};
  if ((state !== 'PROPOSED' && state !== 'LAPSED') || to === null) return null;
  // Only members of the originator see releases.
  const terms = { by: reader.organisation, to, until: new Date(String(end)) };
  const person = typeof named === 'string' ? named : null;
  const lapsesAt = endOfPlace(new Date(Math.max(new Date(String(confirmBy)).getTime(), at.getTime())));
  const grant = { _id: grantIdOf({ ...terms, proposal: { person } }), ...terms, person, lapsesAt };
  return { grant, hasLapsed: state === 'LAPSED' };
}

type Found = {
  readonly envelope?: { readonly releases?: readonly FoundRelease[] | null } | null;
};

type FoundRelease = {
  readonly id?: unknown;
  readonly to?: { readonly id?: unknown } | null;
  readonly until?: unknown;
  readonly proposal?: {
    readonly state?: unknown;
    readonly person?: unknown;
    readonly confirmBy?: unknown;
  } | null;
};
