import { execute, type ExecutionResult, getOperationAST, getVariableValues, parse } from 'graphql';
import { variablesOf } from '../../../../gateway/dispatch/query-body.ts';
import type { AskPart, PartError } from '../../../../gateway/plan/execute.ts';
import { loadPlanner, type Planner, type PlannerName } from '../../../../gateway/plan/planner.ts';
import { onlyOperation } from '../../../../gateway/request/operation.ts';
import type { Execute } from './run-suite.ts';
import type { Supergraph } from './supergraph.ts';

/** Creates an `Execute` that plans and executes as the hub does, with one planner first, over the schemas in this process. */
export function createEngineExecute(first: PlannerName): Execute {
  const planners = new Map<Supergraph, Promise<Planner>>();
  return async (supergraph, { query, variables = {}, operationName }) => {
    const loading = planners.get(supergraph) ?? loadPlanner(supergraph.supergraphSdl, { first });
    planners.set(supergraph, loading);
    const planner = await loading;
    const document = onlyOperation(parse(query), operationName ?? null, planner.schema);
    const definitions = getOperationAST(document)?.variableDefinitions ?? [];
    const { coerced = {} } = getVariableValues(planner.schema, definitions, variables);
    const { run, write } = await planner.prepare(`${operationName} ${query}`, document);
    const ask = askSchemas(supergraph);
    const joined = await run({ ask, variables: { given: variables, coerced }, signal: null });
    const { text, missing } = write(joined.data, coerced);
    const nulls = missing.map(({ field, path }) => ({ message: `Cannot return null for ${field}.`, path }));
    const errors = [...joined.errors, ...nulls];
    const data = JSON.parse(text) as Record<string, unknown> | null;
    return { data, ...(errors.length > 0 ? { errors: errors as never } : {}) };
  };
}

/** Asks the schemas in this process. */
export function askSchemas({ subgraphs }: Supergraph): AskPart {
  return async (query) => {
    const schema = subgraphs.get(query.fetch.subgraph);
    if (schema === undefined) throw new Error(`expected a subgraph ${query.fetch.subgraph}`);
    const document = parse(query.fetch.query);
    const answer: ExecutionResult = await execute({ schema, document, variableValues: variablesOf(query) });
    const { data, errors = [] } = JSON.parse(JSON.stringify(answer)) as {
      data: Record<string, unknown> | null;
      errors?: readonly PartError[];
    };
    return { data, errors };
  };
}
