import { createHash } from 'node:crypto';
import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  type GraphQLNamedType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  OperationTypeNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { HubError } from '../../schema/errors.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { communityOfNotices } from '../../schema/workflow/notice-type.ts';
import type { Prepared } from '../answer.ts';
import { scopeOf } from '../plan/share.ts';
import { decide } from '../policy/decide.ts';

/** A subscription to the events of one kind, with the query that reads the record of an event. */
export type EventQuery = {
  /** The kind of record, or the type of notices. */
  readonly kind: string;
  readonly community: string;
  /** The field of an event that is read by the query. */
  readonly subject: Subject;
  /** Only events of this record; null for all of the kind. */
  readonly recordId: string | null;
  readonly resumeAfter: string | null;
  /** The response key of the subscription's field. */
  readonly field: string;
  /** The query, its key, and the name of its variable for the record's id. */
  readonly document: DocumentNode;
  readonly key: string;
  readonly variable: string;
  /** Whether its answer is for one subject only: cursors are bound to the subject. */
  readonly isPersonal: boolean;
};

/** The field of an event with what it is about: a record or a notice. */
type Subject = 'record' | 'notice';

/** The response key of the field that tells whether the reader may see the record, whatever else is selected. */
export const seenKey = 'jcuSeen';

/**
 * Derives the query from a subscription that is valid and decided: `subscription { advisoryEvents { record { title } } }`
 * reads `{ record: advisory(id: $id) { title } jcuSeen: advisory(id: $id) { id } }`. Throws if the subscription has a
 * condition at its root (GraphQL, section 5.2.3), or if the reader's kind may not use the field of the query.
 */
export function eventQueryOf(
  prepared: Prepared,
  schema: GraphQLSchema,
  ofKind: GraphQLSchema,
  policy: Policy,
): EventQuery {
  const allowed = prepared.decision.allowed ?? prepared.document;
  const [first, ...others] = rootFields(allowed);
  const type = schema.getSubscriptionType();
  const definition = first && type?.getFields()[first.name.value];
  if (first === undefined || definition === undefined) throw new HubError('GRAPHQL_VALIDATION_FAILED');
  const { subject, kind, community } = subjectOf(getNamedType(definition.type), policy);
  const { id = null, resumeAfter = null } = getArgumentValues(definition, first, prepared.variables.coerced);
  const lookup = first.name.value.replace(/Events$/, '');
  const written = queryOf(allowed, [first, ...others], { subject, lookup });
  const whole = {
    document: written.document,
    variables: { ...prepared.variables.coerced, [written.variable]: '' },
  };
  const decision = decide(whole, schema, ofKind);
  if (decision.allowed === null || decision.refused.length > 0) throw new HubError('REFUSED');
  return {
    kind,
    community,
    subject,
    recordId: id as string | null,
    resumeAfter: resumeAfter as string | null,
    field: (first.alias ?? first.name).value,
    document: decision.allowed,
    key: createHash('sha256').update(print(decision.allowed)).digest('hex'),
    variable: written.variable,
    isPersonal: scopeOf(decision.allowed, policy) !== 'class',
  };
}

/** Returns what the events of a type are about. Throws if it is neither a kind of record nor a type of notices. */
function subjectOf(
  eventType: GraphQLNamedType,
  policy: Policy,
): Pick<EventQuery, 'subject' | 'kind' | 'community'> {
  const fields = isObjectType(eventType) ? eventType.getFields() : {};
  const subject = fields['notice'] === undefined ? 'record' : 'notice';
  const kind = fields[subject] && getNamedType(fields[subject].type).name;
  if (kind === undefined) throw new HubError('GRAPHQL_VALIDATION_FAILED');
  const ofRecord = policy.source.domain.kinds[kind]?.community;
  const community = subject === 'notice' ? communityOfNotices(kind) : ofRecord;
  if (community === undefined || community === null) throw new HubError('GRAPHQL_VALIDATION_FAILED');
  return { subject, kind, community };
}

/** Builds the data of an event, in the order of the selection. `records` has the record by response key. */
export function eventDataOf(
  { document, operation, variables }: Prepared,
  { field, subject }: Pick<EventQuery, 'field' | 'subject'>,
  event: Readonly<Record<'eventId' | 'change' | 'recordId', string>>,
  records: Readonly<Record<string, unknown>>,
  schema: GraphQLSchema,
): Readonly<Record<string, unknown>> | null {
  const root = { ...event, records };
  const result = execute({
    schema,
    document,
    operationName: operation.operationName,
    variableValues: variables.given,
    rootValue: { [field]: root },
    fieldResolver: (source: Readonly<Record<string, unknown>>, _args, _context, { path, fieldName }) => {
      const key = String(path.key);
      if (source !== root) return Object.hasOwn(source, key) ? source[key] : null;
      if (fieldName === subject) return Object.hasOwn(records, key) ? records[key] : null;
      return source[fieldName];
    },
  }) as ExecutionResult;
  return result.data ?? null;
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function fragmentsOf(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
}

/** Returns the fields at the root, which validation limits to one response key. */
function rootFields(document: DocumentNode): readonly FieldNode[] {
  const fragments = fragmentsOf(document);
  const fieldsIn = (set: SelectionSetNode | undefined): readonly FieldNode[] =>
    (set?.selections ?? []).flatMap((one): readonly FieldNode[] => {
      const isConditional = one.directives?.some(
        ({ name }) => name.value === 'skip' || name.value === 'include',
      );
      if (isConditional === true)
        throw new HubError('GRAPHQL_VALIDATION_FAILED', 'a subscription has no condition at its root');
      if (one.kind === Kind.FIELD) return [one];
      const inside = one.kind === Kind.INLINE_FRAGMENT ? one : fragments.get(one.name.value);
      return fieldsIn(inside?.selectionSet);
    });
  return fieldsIn(getOperationAST(document)?.selectionSet);
}

/** Writes the query for the record of an event. */
function queryOf(document: DocumentNode, roots: readonly FieldNode[], read: Read) {
  const operation = getOperationAST(document);
  const taken = new Set((operation?.variableDefinitions ?? []).map(({ variable }) => variable.name.value));
  let variable = 'jcuRecord';
  while (taken.has(variable)) variable += '_';
  const fragments = fragmentsOf(document);
  const selections = [
    ...roots.flatMap(({ selectionSet }) => lookUp(selectionSet, fragments, read, variable)),
    recordField(read.lookup, seenKey, variable, { kind: Kind.SELECTION_SET, selections: [fieldNamed('id')] }),
  ];
  const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections };
  const used = usedFragments(selectionSet, fragments);
  const names = namesOfVariables([selectionSet, ...used.map((one) => one.selectionSet)]);
  const idDefinition = {
    kind: Kind.VARIABLE_DEFINITION,
    variable: variableNamed(variable),
    type: {
      kind: Kind.NON_NULL_TYPE,
      type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'ID' } },
    },
  } as const;
  const kept = (operation?.variableDefinitions ?? []).filter((one) => names.has(one.variable.name.value));
  const query = {
    kind: Kind.OPERATION_DEFINITION,
    operation: OperationTypeNode.QUERY,
    variableDefinitions: [idDefinition, ...kept],
    selectionSet,
  } as const;
  return { variable, document: { kind: Kind.DOCUMENT, definitions: [query, ...used] } as DocumentNode };
}

/** The field of an event that is read, and the root field of Query that reads it by its id. */
type Read = Pick<EventQuery, 'subject'> & { readonly lookup: string };

/** Replaces the field of an event that is read by the lookup of it, and leaves its other fields out. */
function lookUp(
  set: SelectionSetNode | undefined,
  fragments: Fragments,
  read: Read,
  variable: string,
): readonly SelectionNode[] {
  return (set?.selections ?? []).flatMap((one): readonly SelectionNode[] => {
    if (one.kind === Kind.FIELD) {
      if (one.name.value !== read.subject || one.selectionSet === undefined) return [];
      const key = (one.alias ?? one.name).value;
      return [
        { ...recordField(read.lookup, key, variable, one.selectionSet), directives: one.directives ?? [] },
      ];
    }
    const inside = one.kind === Kind.INLINE_FRAGMENT ? one : fragments.get(one.name.value);
    const selections = lookUp(inside?.selectionSet, fragments, read, variable);
    if (selections.length === 0) return [];
    const directives = one.directives ?? [];
    return [
      { kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } },
    ];
  });
}

function recordField(
  lookup: string,
  key: string,
  variable: string,
  selectionSet: SelectionSetNode,
): FieldNode {
  const id = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'id' },
    value: variableNamed(variable),
  } as const;
  return { ...fieldNamed(lookup), alias: { kind: Kind.NAME, value: key }, arguments: [id], selectionSet };
}

function fieldNamed(value: string): FieldNode {
  return { kind: Kind.FIELD, name: { kind: Kind.NAME, value } };
}

function variableNamed(value: string) {
  return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value } } as const;
}

function usedFragments(set: SelectionSetNode, fragments: Fragments): readonly FragmentDefinitionNode[] {
  const used = new Map<string, FragmentDefinitionNode>();
  const collect = (inside: SelectionSetNode) => {
    visit(inside, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value);
        if (fragment === undefined || used.has(name.value)) return;
        used.set(name.value, fragment);
        collect(fragment.selectionSet);
      },
    });
  };
  collect(set);
  return [...used.values()];
}

function namesOfVariables(sets: readonly SelectionSetNode[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const set of sets) visit(set, { Variable: ({ name }) => void names.add(name.value) });
  return names;
}
