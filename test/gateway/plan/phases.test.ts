import { expect, test } from '@jest/globals';
import { buildSchema, OperationTypeNode, parse } from 'graphql';
import { PlanNames } from '../../../gateway/plan/names.ts';
import { splitPlan } from '../../../gateway/plan/phases.ts';
import type { Fetch, Plan, Required } from '../../../gateway/plan/plan.ts';

const names = new PlanNames(buildSchema('type Query { parcel: Parcel } type Parcel { id: ID }'));
const field = (from: string): Required => ({ kind: 'field', from, to: from, below: null });

function fetchOf(subgraph: string, query: string, required: readonly Required[] = []): Fetch {
  const lookup = {
    key: '_entities',
    variable: 'representations',
    paths: [[{ kind: 'key', key: 'parcel' }]] as const,
    required,
    before: [],
    after: [],
  };
  return {
    kind: 'fetch',
    subgraph,
    operation: OperationTypeNode.QUERY,
    query,
    operationName: null,
    variables: [],
    path: [],
    lookups: required.length === 0 ? [] : [lookup],
    after: [],
  };
}

const entity = (selection: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Parcel { ${selection} } } }`;
const root = fetchOf('shop', '{ parcel { __typename id } }');
const scale = fetchOf('scale', entity('id weight'), [field('id')]);
const post = fetchOf('post', entity('price'), [field('id'), field('weight')]);
const news = fetchOf('news', entity('__typename id story'), [field('id')]);
const plan: Plan = {
  kind: 'sequence',
  nodes: [root, { kind: 'parallel', nodes: [{ kind: 'sequence', nodes: [scale, post] }, news] }],
};

/** The subgraphs that a phase asks. */
function asked(phase: Plan | null): readonly string[] {
  if (phase === null) return [];
  if (phase.kind === 'fetch') return [phase.subgraph];
  return phase.kind === 'condition' ? [] : phase.nodes.flatMap(asked);
}

function phasesOf(first: string) {
  const phases = splitPlan(plan, parse(first), names);
  return [asked(phases.first), asked(phases.later)];
}

test('asks later for what only deferred fragments select', () => {
  expect(phasesOf('{ parcel { __typename id } }')).toEqual([['shop'], ['scale', 'post', 'news']]);
  expect(phasesOf('{ parcel { story } }')).toEqual([
    ['shop', 'news'],
    ['scale', 'post'],
  ]);
});

test('asks first for what a query of the first phase requires', () => {
  expect(phasesOf('{ parcel { price } }')).toEqual([['shop', 'scale', 'post'], ['news']]);
});
