import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'graphql';
import { Observed } from '../../../gateway/observe/observed.ts';
import { splitDeferred } from '../../../gateway/plan/deferred-document.ts';
import { createGather, createGatherInParts, sourcesOf } from '../../../gateway/plan/gather.ts';
import { loadPlanner, type Planner } from '../../../gateway/plan/planner.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';

let planner: Planner;
beforeAll(async () => (planner = await loadPlanner(readFileSync('schema/supergraph.graphql', 'utf8'))));
afterAll(async () => await planner.stop());

/** A request with a turn, to subgraphs that never answer. `asked` resolves once one is asked, with the steps until then. */
function hanging() {
  const steps: string[] = [];
  const { promise: asked, resolve } = Promise.withResolvers<readonly string[]>();
  const sources = sourcesOf(planner, () => async () => {
    resolve([...steps, 'asked']);
    return await new Promise(() => undefined);
  });
  const request = {
    observed: new Observed(async (stage, run) => {
      const result = await run();
      steps.push(stage);
      return result;
    }),
    signal: new AbortController().signal,
    endTurn: () => void steps.push('turn ended'),
  } as unknown as RequestContext;
  return { sources, request, asked };
}

const variables = { given: {}, coerced: {} };

test('ends the turn of a large request before a subgraph is asked, once its document is planned', async () => {
  const { sources, request, asked } = hanging();
  const document = parse('{ advisories { nodes { id } } }');
  const gathered = createGather(planner, sources)({ key: 'plain', document, variables }, request);
  expect(await Promise.race([asked, gathered])).toEqual(['plan', 'turn ended', 'asked']);
});

test('ends the turn of a large request with deferred fragments before a subgraph is asked', async () => {
  const { sources, request, asked } = hanging();
  const document = splitDeferred(
    parse('{ advisories { nodes { id } } ... @defer { capabilities { nodes { id } } } }'),
    {},
  );
  if (document === null) throw new Error('expected a document in parts');
  const gathered = createGatherInParts(planner, sources)({ key: 'deferred', document, variables }, request);
  expect(await Promise.race([asked, gathered])).toEqual(['plan', 'turn ended', 'asked']);
});
