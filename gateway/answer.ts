import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  print,
} from 'graphql';
import { HubError } from '../schema/errors.ts';
import type { RecordedDisclosure } from '../schema/protocol/disclosure.ts';
import { fieldsOf } from './audit/fields.ts';
import { recordable, recordDisclosure, recordIntent } from './audit/record.ts';
import type { Charge } from './budget/charge.ts';
import { chargeOperation } from './budget/charge-operation.ts';
import { type Collected, createCollected } from './dispatch/collected.ts';
import type { Engine } from './engine.ts';
import { redCacheControl } from './http/compress.ts';
import { introspect } from './introspection/introspect.ts';
import { splitIntrospection } from './introspection/split.ts';
import { nodePartsOf } from './node-fields/node-parts.ts';
import { type ReplacedNodes, replaceNodes } from './node-fields/replace-nodes.ts';
import { restoreNodes } from './node-fields/restore-nodes.ts';
import type { Allowed, Gathered } from './plan/gather.ts';
import { type Decision, decide } from './policy/decide.ts';
import type { FollowedAgreements } from './registry/follow-agreements.ts';
import { findMembers } from './request/member-statement.ts';
import { checkRecipients } from './request/recipient-check.ts';
import type { Proposal } from './request/proposal.ts';
import { dropRefused, enterGrants } from './request/release-grants.ts';
import { beginConfirmations, settleProposals, type Settling } from './request/settle-grants.ts';
import type { RequestContext } from './request/context.ts';
import {
  coerceVariables,
  isChange,
  isSubscription,
  movesAgreement,
  onlyOperation,
} from './request/operation.ts';
import { shapeAnswer } from './shape/answer.ts';
import { holdsRed } from './shape/holds.ts';
import type { HubStore } from './store.ts';

/** An operation as a client sent it, parsed and not validated. */
export type ParsedOperation = {
  readonly document: DocumentNode;
  readonly source: string;
  /** A hash of the source. */
  readonly hash: string;
  /** Null if the client sent none. */
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
};

/** The parts of the hub that the stages use: the engine that is in force when an operation begins, for all its stages. */
export type Stages = Engine & {
  readonly store: HubStore;
  readonly charge: Charge;
  readonly agreements: Pick<FollowedAgreements, 'refresh'>;
  /** Finds the proposed releases that a change confirms or withdraws. */
  readonly findProposals: (
    prepared: Prepared,
    context: RequestContext,
    stages: Stages,
  ) => Promise<readonly Proposal[]>;
  /** Adds what the hub states about the record that a change names: the addressees of the change. */
  readonly stateAddressed: (
    prepared: Prepared,
    context: RequestContext,
    stages: Stages,
  ) => Promise<RequestContext>;
};

/** Answers an operation of a reader. Every entry point calls it: HTTP, WebSocket, SSE. */
export type Answer = (operation: ParsedOperation, context: RequestContext) => Promise<ExecutionResult>;

/** An operation that is valid, paid and decided. */
export type Prepared = {
  readonly operation: ParsedOperation;
  /** The selected operation as the client wrote it, for the audit log. */
  readonly chosen: DocumentNode;
  /** The selected operation with the fragments that it uses, without `node`, `nodes` and the interface `Node`. */
  readonly document: DocumentNode;
  /** The look-ups that replace `node` and `nodes`; null if the operation has neither. */
  readonly nodes: ReplacedNodes | null;
  readonly variables: Allowed['variables'];
  /** The part of the document that asks for data, and the response keys at the root. */
  readonly split: ReturnType<typeof splitIntrospection>;
  /** The result of introspection. */
  readonly shown: Readonly<Record<string, unknown>>;
  readonly decision: Decision;
};

/** The facts about an answer for its audit entry, without the disclosures. */
type Facts = Omit<Parameters<typeof recordDisclosure>[1], 'disclosed' | 'lost' | 'fields'>;

/** The stages from a parsed operation to its response: `prepare`, then `execute`, which are plan with dispatch, shape, audit. */
export async function answer(
  operation: ParsedOperation,
  context: RequestContext,
  stages: Stages,
): Promise<ExecutionResult> {
  const prepared = await prepare(operation, context, stages);
  if ('errors' in prepared) return prepared;
  if (isSubscription(prepared.operation)) throw new HubError('STREAM_REQUIRED');
  return await execute(prepared, context, stages);
}

/** The stages after `prepare`. */
export async function execute(
  prepared: Prepared,
  context: RequestContext,
  stages: Stages,
): Promise<ExecutionResult> {
  const facts = factsOf(prepared, context);
  const grants = await recordChange(prepared, facts, context, stages);
  const { registry } = stages.store;
  const ready = readyToSend(prepared, context, stages).catch(async (error: unknown) => {
    // The change is not sent: the grants of its releases would take places for nothing.
    if (grants.length > 0) await registry.dropGrants(grants).catch(() => undefined);
    throw error;
  });
  const [settling, stated] = await ready;
  const gathered = await gatherAllowed(prepared, stated, stages);
  context.endTurn?.();
  const data = gathered.written?.data ?? null;
  if (grants.length > 0) await dropRefused(grants, data, registry);
  await settleProposals(settling, data, registry, context.at);
  // A right that a move ends must be gone before the mover reads that it is.
  if (movesAgreement(prepared.decision.allowed)) await stages.agreements.refresh();
  const shaped = restoreNodes(shape(prepared, gathered, context, stages), prepared.nodes);
  const fields = givenFields(gathered, prepared, stages);
  await disclose({ ...facts, fields }, gathered.collected, context, stages);
  return shaped;
}

/** Adds the facts that the hub states about a change, then keeps the places of the proposed releases that it confirms. */
async function readyToSend(
  prepared: Prepared,
  context: RequestContext,
  stages: Stages,
): Promise<readonly [Settling, RequestContext]> {
  const [proposals, stated] = await Promise.all([
    stages.findProposals(prepared, context, stages),
    stateFacts(prepared, context, stages),
  ]);
  return [await beginConfirmations(proposals, stages.store.registry, context.at), stated];
}

/** The stages before an operation is executed: budget, validation, variables, `node`, introspection, policy. */
export async function prepare(
  operation: ParsedOperation,
  context: RequestContext,
  { planner, kinds, charge, validate, lists, lookups }: Stages,
): Promise<Prepared | { readonly errors: readonly GraphQLError[] }> {
  const { operationName } = operation;
  const choose = () => onlyOperation(operation.document, operationName, planner.schema);
  const chosen = await chargeOperation(submittedOf(operation), choose, lists, charge, context);

  const ofKind = kinds.of(context.policy.accessOf(context.reader, context.at));
  const key = `${operation.hash} ${operationName}`;
  const errors = validate({ key, document: operation.document, operation: chosen }, ofKind);
  if (errors.length > 0) return { errors };
  const coerced = coerceVariables(chosen, operation.variables, planner.schema);

  const { document, nodes } = replaceNodes(chosen, coerced, planner.schema, lookups);
  const variables = {
    given: { ...operation.variables, ...nodes?.variables },
    coerced: { ...coerced, ...nodes?.variables },
  };
  const split = splitIntrospection(document);
  const shown = split.schema === null ? {} : introspect(kinds.bounded(split.schema), ofKind, variables.given);

  const decision = await decideOn(split.data, variables.coerced, planner.schema, ofKind, context);
  return { operation, chosen, document, nodes, variables, split, shown, decision };
}

/** The stage policy. Without data there is nothing to decide. */
async function decideOn(
  document: DocumentNode | null,
  variables: Parameters<typeof decide>[0]['variables'],
  schema: GraphQLSchema,
  ofKind: GraphQLSchema,
  { observed }: RequestContext,
): Promise<Decision> {
  if (document === null) return { refused: [], refusedAt: [], allowed: null };
  return await observed.run('policy', () => Promise.resolve(decide({ document, variables }, schema, ofKind)));
}

/** Returns the facts for the audit entry of an operation. */
export function factsOf(
  { operation, chosen, variables, decision }: Prepared,
  { correlationId, at, reader, token, policy }: RequestContext,
): Facts {
  const { operationName: name, source } = operation;
  return {
    correlationId,
    at,
    reader,
    token,
    operation: { name, document: source, variables: recordable(chosen, variables.given) },
    policy: policy.version,
    refused: decision.refused,
  };
}

/** Of a change, checks the recipients, records the intent, and enters the grants of releases before it is sent. Returns their ids. */
async function recordChange(
  { decision: { allowed }, variables }: Prepared,
  facts: Facts,
  { observed, reader, at: now }: RequestContext,
  { planner, store: { registry, trail } }: Stages,
): Promise<readonly string[]> {
  if (allowed === null || !isChange(allowed)) return [];
  await checkRecipients(allowed, variables.coerced, planner.schema, { registry, reader, now });
  await observed.run('audit', async () => await recordIntent(trail(), facts));
  return await enterGrants(allowed, variables.coerced, planner.schema, { registry, reader, now });
}

/** Adds what the hub states to communities about a change: its addressees, and the persons to whom it proposes to release. */
async function stateFacts(
  prepared: Prepared,
  context: RequestContext,
  stages: Stages,
): Promise<RequestContext> {
  const { allowed } = prepared.decision;
  if (allowed === null || !isChange(allowed)) return context;
  const { planner, store } = stages;
  const members = await findMembers(allowed, prepared.variables.coerced, planner.schema, {
    registry: store.registry,
    now: context.at,
  });
  const stated = await stages.stateAddressed(prepared, context, stages);
  return members.size === 0 ? stated : { ...stated, members };
}

/** The stages plan and dispatch. If the policy allows no part of the operation, no subgraph is asked. */
async function gatherAllowed(
  prepared: Prepared,
  context: RequestContext,
  { gather }: Stages,
): Promise<Gathered> {
  const { allowed: document } = prepared.decision;
  if (document === null) return { written: null, given: null, collected: createCollected() };
  const { variables, nodes } = prepared;
  const allowed = { key: keyOf(document, prepared), document, variables };
  const parts = nodes === null ? {} : { parts: nodePartsOf(document, nodes) };
  return await gather({ ...allowed, ...parts }, toEnd(context, document));
}

/** The stage shape. */
function shape(
  { operation, variables, split, shown, decision }: Prepared,
  gathered: Gathered,
  context: RequestContext,
  { planner }: Stages,
): ExecutionResult {
  const parts = {
    document: split.data,
    operationName: operation.operationName,
    variables: variables.given,
    refusedAt: decision.refusedAt,
    isPruned: decision.allowed !== split.data,
    order: split.order,
  };
  return shapeAnswer(gathered, parts, shown, context, planner.schema);
}

/** The coordinates that an answer gives, for the audit entry. */
function givenFields(
  { written, given }: Gathered,
  { decision: { allowed }, variables: { coerced } }: Prepared,
  { planner: { schema } }: Stages,
): ReturnType<typeof fieldsOf> {
  if (allowed === null) return { given: [], empty: [] };
  if (given === null) return fieldsOf(allowed, coerced, written?.data ?? null, schema);
  const asked = fieldsOf(allowed, coerced, null, schema).empty;
  const [some, none] = [asked.filter((one) => given.has(one)), asked.filter((one) => !given.has(one))];
  return { given: some, empty: none };
}

/** The stage audit: records the disclosures before the response leaves. A response with RED is never stored. */
export async function disclose(
  facts: Omit<Parameters<typeof recordDisclosure>[1], 'disclosed' | 'lost'>,
  { disclosed, failedSubgraphs }: Pick<Collected, 'disclosed' | 'failedSubgraphs'>,
  context: RequestContext,
  { store }: Pick<Stages, 'store'>,
  before: readonly RecordedDisclosure[] = [],
): Promise<void> {
  for (const community of failedSubgraphs) context.observed.parts.add(community);
  if (disclosed.some(holdsRed)) context.setHeaders({ 'cache-control': redCacheControl });
  const whole = { ...facts, disclosed, lost: [...failedSubgraphs] };
  await context.observed.run('audit', async () => await recordDisclosure(store.trail(), whole, before));
}

function submittedOf({ document, source, variables }: ParsedOperation) {
  return { document, variables, keptBytes: source.length + JSON.stringify(variables).length };
}

/** A change that was sent runs to its end, also if the client has gone: the audit log records its result. */
function toEnd(context: RequestContext, document: DocumentNode): RequestContext {
  return isChange(document) ? { ...context, signal: new AbortController().signal } : context;
}

/** Returns a key of the allowed document: the hash of the text, or a hash of what is left of the document. */
export function keyOf(allowed: DocumentNode, { operation, chosen, document, split }: Prepared): string {
  const isAsWritten = allowed === split.data && document === chosen;
  const isWhole = isAsWritten && operation.operationName === null;
  return isWhole ? operation.hash : createHash('sha256').update(print(allowed)).digest('hex');
}
