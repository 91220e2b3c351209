import { operationFromDocument } from '@apollo/federation-internals';
import { HubError } from '../../schema/errors.ts';
import type { QueryPlanner as ApolloPlanner } from '@apollo/query-planner';
import type { QueryPlanner as HivePlanner } from '@graphql-hive/router-query-planner';
import { type DocumentNode, print } from 'graphql';
import { type PlannerNode, readPlan } from './read-plan.ts';
import type { Plan } from './plan.ts';

/** Plans one operation. Null says that there is nothing to ask. Rejects if the planner finds no plan, or not in time. */
export type PlanOperation = (document: DocumentNode, override: number) => Promise<Plan | null>;

/** The percentages of `@override(label: "percent(x)")` in a supergraph, ascending. */
export type Percentages = readonly number[];

/**
 * Loads Hive's planner; null on a platform without its binary. It plans outside the event loop. At the deadline it stops,
 * and throws OPERATION_TOO_LARGE: Apollo's planner, which cannot be stopped, must not be asked then.
 */
export async function loadHive(
  supergraph: string,
  deadlineMs: number,
): Promise<{ readonly plan: PlanOperation; readonly percentages: Percentages } | null> {
  const loaded = await import('@graphql-hive/router-query-planner').catch(() => null);
  if (loaded === null) return null;
  const planner: HivePlanner = new loaded.QueryPlanner(supergraph);
  return {
    plan: async (document, override) => {
      const signal = AbortSignal.timeout(deadlineMs);
      try {
        const plan = await planner.planAsync(print(document), undefined, new Set(), override, signal);
        return readPlan(plan, 'hive');
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new HubError('OPERATION_TOO_LARGE', `planning takes more than ${deadlineMs} ms`, {
          cause: error,
        });
      }
    },
    percentages: planner.overridePercentages.toSorted((one, other) => one - other),
  };
}

/** Returns Apollo's planner behind the same interface. It blocks the event loop and has no deadline. */
export function planByApollo(planner: ApolloPlanner, percentages: Percentages): PlanOperation {
  const schema = planner.supergraph.apiSchema();
  return (document, override) => {
    const operation = operationFromDocument(schema, document, { validate: false });
    const overrideConditions = new Map(
      percentages.map((percentage) => [`percent(${percentage})`, override < percentage] as const),
    );
    const plan = planner.buildQueryPlan(operation, { overrideConditions });
    return Promise.resolve(readPlan(plan as { node?: PlannerNode }, 'apollo'));
  };
}
