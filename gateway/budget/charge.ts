import type { Logger } from 'pino';
import { HubError } from '../../schema/errors.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import type { Size } from './operation-size.ts';
import type { RequestContext } from '../request/context.ts';
import { type Budget, type Budgets, checkBudget, rateOf, withinHalf } from './budget.ts';
import { costOfOperation, costOfRequest } from './cost.ts';
import type { Leases } from './leases.ts';

type Asking = Pick<RequestContext, 'reader' | 'budget' | 'correlationId' | 'setHeaders'>;

/** Charges a reader and their organisation. Throws RATE_LIMITED, OPERATION_TOO_LARGE or BUDGET_UNAVAILABLE. */
export type Charge = {
  /** Charges for the bytes of a request, before they are parsed as GraphQL. */
  readonly request: (bytes: number, asking: Asking) => Promise<void>;
  /** Charges for the size of an operation, before it is validated. `keptBytes` of it go to the audit log. */
  readonly operation: (size: Size, asking: Asking, keptBytes?: number) => Promise<void>;
};

/** Charges nothing, for reading that belongs to what was charged before. */
export const free: Charge = {
  request: async () => await Promise.resolve(),
  operation: async () => await Promise.resolve(),
};

/**
 * Creates the charge, which takes points from both budgets or from none, the reader's first. Response headers state the
 * rest of the reader's budget; of the organisation's budget they state only that it is spent.
 */
export function createCharge(leases: Leases, budgets: Budgets, log: Logger): Charge {
  const budgetsOf = chooseBudgets(budgets, log);
  const charge = async (points: number, asking: Asking): Promise<void> => {
    const { subject, organisation } = asking.reader;
    const own = budgetsOf(asking);
    const bucket = { id: `reader:${subject}`, budget: own.reader };
    const refuse = (policy: string, fields: Readonly<Record<string, string>>) => {
      asking.setHeaders(fields);
      const { correlationId } = asking;
      log.warn({ correlationId, organisation, policy, points }, 'refused: a budget is spent');
      return new HubError('RATE_LIMITED', `the budget of the ${policy} is spent`);
    };
    // A cost above the bucket's capacity can never be paid: fail now instead of returning `retry-after`.
    if (points > own.reader.points)
      throw new HubError(
        'OPERATION_TOO_LARGE',
        `expected at most ${own.reader.points} points, got ${points}`,
      );
    const spent = await leases.spend(bucket, points);
    asking.setHeaders({ 'ratelimit-policy': policyOf(own), ratelimit: leftOf(own.reader, spent.left) });
    if (!spent.enough) throw refuse('reader', { 'retry-after': String(spent.seconds) });
    const shared = { id: `organisation:${organisation}`, budget: own.organisation };
    const ofAll = await leases.spend(shared, points);
    if (ofAll.enough) return;
    leases.putBack(bucket, points);
    throw refuse('organisation', spentByAll(own.organisation, points));
  };
  return {
    request: async (bytes, asking) => await charge(costOfRequest(bytes), asking),
    operation: async (size, asking, keptBytes = 0) => await charge(costOfOperation(size, keptBytes), asking),
  };
}

/** Returns the budgets of a reader. An invalid budget in the registry is logged once per organisation and ignored. */
function chooseBudgets(standard: Budgets, log: Logger): (asking: Asking) => Budgets {
  const reported = new ByteCache<true>(100_000);
  return ({ reader, budget }) => {
    if (budget === undefined || budget === null) return standard;
    const organisation = checkBudget(budget);
    const within = organisation === null ? null : withinHalf(standard.reader, organisation);
    if (organisation !== null && within !== null) return { reader: within, organisation };
    if (!reported.has(reader.organisation)) {
      reported.set(reader.organisation, true, 0);
      log.error(
        { organisation: reader.organisation, budget },
        'expected {points, seconds} in whole numbers, points at least 2: the standard budget is in force',
      );
    }
    return standard;
  };
}

/** Formats RateLimit-Policy; `leftOf` formats RateLimit (draft-ietf-httpapi-ratelimit-headers-10). */
function policyOf({ reader, organisation }: Budgets): string {
  return `${quotaOf('reader', reader)}, ${quotaOf('organisation', organisation)}`;
}

function quotaOf(name: string, { points, seconds }: Budget): string {
  return `"${name}";q=${points};w=${seconds};qu="points"`;
}

function leftOf(budget: Budget, left: number): string {
  return `"reader";r=${Math.max(0, left)};t=${Math.ceil((budget.points - left) / rateOf(budget))}`;
}

/** Computes `retry-after` from these points only: it must not reveal how much others of the organisation have spent. */
function spentByAll(budget: Budget, points: number): Readonly<Record<string, string>> {
  const seconds = Math.max(1, Math.ceil(points / rateOf(budget)));
  return { 'retry-after': String(seconds), ratelimit: `"organisation";r=0;t=${seconds}` };
}
