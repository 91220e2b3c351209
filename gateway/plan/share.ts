import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { isPublic } from '../../schema/policy/language/coordinates.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { SharedWork } from '../../schema/runtime/shared-work.ts';
import { permissionClassOf } from '../policy/permission-class.ts';
import { isChange } from '../request/operation.ts';
import type { RequestContext } from '../request/context.ts';
import type { Allowed, Gather, Gathered } from './gather.ts';
import type { KeptAnswers } from './kept-answers.ts';

/** For whom an answer to an operation can be: its permission class, one person of it, or the reader of this request only. */
type Scope = 'class' | 'person' | 'request';

/** The facts on which an answer to an operation depends. */
export type Dependence = {
  readonly scope: Scope;
  /** The kinds of record that can be in the answer; `Hub` if data of the hub can. */
  readonly kinds: ReadonlySet<string>;
};

const dependencesBytes = 4_000_000;
const bytesOfKind = 60;

/**
 * Executes identical queries that are in progress together once for all readers of one permission class, and with `kept`
 * uses an answer again until a record of it changes. An answer is shared only if each subgraph allows it (`isShareable`):
 * otherwise every other reader's query is executed for that reader. Each request still has its own entry in the audit log.
 * A query with cursors is shared by requests of one person only, because cursors are bound to the reader. Mutations, the
 * fields of auditors and operators, and the events of subscriptions are never shared here.
 */
export function shareAnswers(gather: Gather, schema: GraphQLSchema, kept: KeptAnswers | null): Gather {
  const inProgress = new SharedWork<Gathered>();
  const known = new ByteCache<Dependence>(dependencesBytes);
  // A reader who changed a record must not get an answer that was begun before.
  let changes = 0;
  return async (allowed, request) => {
    const found = known.get(allowed.key);
    const dependence = found ?? dependenceOf(allowed.document, request.policy, schema);
    if (found === undefined) known.set(allowed.key, dependence, bytesOfKind * dependence.kinds.size);
    const { scope, kinds } = dependence;
    if (isChange(allowed.document))
      return await gather(allowed, request).finally(() => {
        changes += 1;
      });
    if (scope === 'request' || request.delivery !== undefined) return await gather(allowed, request);

    const key = keyOf(allowed, request, scope, changes);
    const usable = kept?.get(key, request.at) ?? null;
    if (usable !== null) return usable;

    const isFirst = !inProgress.has(key);
    const work = async (signal: AbortSignal) => {
      const stamp = kept?.stamp(kinds) ?? null;
      const gathered = await gather(allowed, { ...request, signal });
      kept?.keep(key, gathered, stamp, request.reader, request.at);
      return gathered;
    };
    const gathered = await inProgress.run(key, request.signal, work);
    return isFirst || mayShare(gathered) ? gathered : await gather(allowed, request);
  };
}

function mayShare({ collected }: Gathered): boolean {
  return collected.unshared.size === 0;
}

/**
 * Returns what identifies an operation and its answer: policy, permission class, document, variables, and the number of
 * changes that this hub sent before.
 */
function keyOf({ key, variables }: Allowed, request: RequestContext, scope: Scope, changes: number): string {
  const { policy, reader, at } = request;
  const person = scope === 'person' ? reader.subject : null;
  return JSON.stringify([permissionClassOf(reader, policy, at), person, key, variables.given, changes]);
}

const cursorFields: ReadonlySet<string> = new Set(['cursor', 'startCursor', 'endCursor']);

/**
 * Returns what the answer to an operation depends on. A field with the name of a root field of the hub is for its reader
 * only, unless the policy has it as public.
 */
export function dependenceOf(
  document: DocumentNode,
  { coordinates }: Pick<Policy, 'coordinates'>,
  schema: GraphQLSchema,
): Dependence {
  const kinds = new Set<string>();
  if (isChange(document)) return { scope: 'request', kinds };
  const roots = coordinates.fieldsOf('Query');
  const types = new TypeInfo(schema);
  let scope: Scope = 'class';
  const enterField = ({ name, arguments: given = [] }: FieldNode) => {
    const root = roots.get(name.value);
    if (root?.kind === 'Hub' && !isPublic(root)) scope = 'request';
    const isBound = cursorFields.has(name.value) || given.some((one) => one.name.value === 'after');
    if (isBound && scope === 'class') scope = 'person';
    const parent = types.getParentType()?.name ?? '';
    const kind = coordinates.placeOf(parent, name.value)?.kind ?? null;
    if (kind !== null) kinds.add(kind);
    for (const { name: type } of concrete(getNamedType(types.getType()), schema))
      if (coordinates.natureOf(type) === 'record') kinds.add(type);
  };
  visit(document, visitWithTypeInfo(types, { Field: enterField }));
  return { scope, kinds };
}

/** Returns the object types that a value of a type can have. */
function concrete(type: GraphQLNamedType | undefined, schema: GraphQLSchema): readonly GraphQLNamedType[] {
  if (type === undefined) return [];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}
