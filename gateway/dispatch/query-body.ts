import type { PartQuery } from '../plan/execute.ts';

/** Returns the JSON body of a query to a subgraph. The representations are texts already. `json` is the query's text. */
export function bodyOf(json: string, { fetch, variables, represented }: PartQuery): string {
  const texts = represented.map(
    ({ lookup, texts: all }) => `${JSON.stringify(lookup.variable)}:[${all.join(',')}]`,
  );
  for (const name of Object.keys(variables)) {
    const value = JSON.stringify(variables[name]);
    if (value !== undefined) texts.push(`${JSON.stringify(name)}:${value}`);
  }
  const name = fetch.operationName === null ? '' : `,"operationName":${JSON.stringify(fetch.operationName)}`;
  return `{"query":${json}${name},"variables":{${texts.join(',')}}}`;
}

/** Returns the variables of a query to a subgraph that runs in this process. */
export function variablesOf({ variables, represented }: PartQuery): Record<string, unknown> {
  const representations = represented.map(({ lookup, texts }) => [
    lookup.variable,
    texts.map((text) => JSON.parse(text) as unknown),
  ]);
  return { ...variables, ...(Object.fromEntries(representations) as Record<string, unknown>) };
}
