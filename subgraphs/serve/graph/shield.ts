import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type * as GraphqlShield from 'graphql-shield';
import { createRequire } from 'node:module';
import { HubError } from '../../../schema/errors.ts';
import type { Context } from './context.ts';
import { mayUseInputs } from './inputs.ts';

// graphql-shield 7.6.5 throws when Node 24 imports it as ESM; as CommonJS it loads.
const require = createRequire(import.meta.url);
const { rule, shield, deny } = require('graphql-shield') as typeof GraphqlShield;

/** By root type and field. What stands there is checked before it is hung. */
type RootFieldRules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
/** What is looked at of a rule of graphql-shield. */
type Said = { readonly name?: unknown; readonly func?: unknown; readonly cache?: unknown } | null | undefined;
type Resolve = GraphQLFieldResolver<unknown, Context>;
/** What graphql-shield makes of a rule: it calls what it is given if the rule allows. */
type Door = (inner: () => unknown, ...asked: Parameters<Resolve>) => unknown;

/** Fields of the federation's machinery: `_entities` is a door like any other, `_service` is not for this hub. */
const machinery: Readonly<Record<string, (context: Context) => boolean>> = {
  _entities: ({ reader }) => reader.subject !== '',
  _service: () => false,
};

/**
 * Shields the doors of a subgraph, its queries, mutations and subscriptions: each has a rule of its own name, whatever
 * has none is refused, and so is everybody where a rule throws. The fields behind them are the guard's, since a shield
 * over every field costs five times a list. Throws at start where the rules are not whole.
 */
export function shieldRootFields(
  schema: GraphQLSchema,
  rules: RootFieldRules = rootFieldRules(schema),
): GraphQLSchema {
  const faults = findShieldFaults(schema, rules);
  if (faults.length > 0) throw new Error(`the shield is not whole:\n  ${faults.join('\n  ')}`);
  const options = { fallbackRule: deny, fallbackError: new HubError('REFUSED'), allowExternalErrors: true };
  const made = shield(rules as never, options).generate(schema) as Record<string, Record<string, Door>>;
  for (const type of rootsOf(schema)) hang(type, made[type.name] ?? {});
  return schema;
}

/** A rule for each door of a schema, named after its coordinate, since graphql-shield knows rules by name alone. */
export function rootFieldRules(schema: GraphQLSchema): RootFieldRules {
  return Object.fromEntries(
    rootsOf(schema).map((type) => [
      type.name,
      Object.fromEntries(Object.keys(type.getFields()).map((field) => [field, rootFieldRule(type, field)])),
    ]),
  );
}

/**
 * What graphql-shield takes without a word, one a line: a door without a rule (it would be left to a fallback), what
 * is no rule (it opens the whole type), two rules of one name and one rule at two doors (they share what is cached),
 * and a rule that caches.
 */
export function findShieldFaults(schema: GraphQLSchema, rules: RootFieldRules): readonly string[] {
  const seen = new Set<unknown>();
  return rootFieldsOf(schema).flatMap(([type, field]) => {
    const door = `${type}.${field}`;
    const said = rules[type]?.[field] as Said;
    if (said === undefined) return [`${door}: no rule stands at this door`];
    if (typeof said?.name !== 'string' || typeof said.func !== 'function')
      return [`${door}: this is no rule`];
    const root = schema.getType(type) as GraphQLObjectType;
    const isStream = root === schema.getSubscriptionType();
    const isDoubled = seen.has(said.name);
    seen.add(said.name);
    return [
      ...(isDoubled ? [`${door}: two rules are called ${said.name}`] : []),
      ...(isStream && root.getFields()[field]?.subscribe === undefined
        ? [`${door}: no stream stands behind it`]
        : []),
      ...(said.cache === 'no_cache' ? [] : [`${door}: a rule at a door may not be cached`]),
    ];
  });
}

function rootFieldRule(type: GraphQLObjectType, field: string): unknown {
  const taken = type.getFields()[field]?.args ?? [];
  return rule(`${type.name}.${field}`, { cache: 'no_cache' })((_source, args, context: Context) => {
    if (Object.hasOwn(machinery, field)) return machinery[field]?.(context) ?? false;
    return context.readerAccess.mayUse(type.name, field) && mayUseInputs(taken, args, context.readerAccess);
  });
}

/**
 * Hangs the doors in by hand: graphql-middleware wraps `resolve` and leaves `subscribe` open where a field has both, so
 * that a stream would start before its rule. Here the rule stands before the stream, and before each of its events.
 */
function hang(type: GraphQLObjectType, doors: Readonly<Record<string, Door>>): void {
  for (const field of Object.values(type.getFields())) {
    const door = doors[field.name];
    if (typeof door !== 'function')
      throw new Error(`${type.name}.${field.name}: graphql-shield made no door`);
    const { resolve = defaultFieldResolver, subscribe } = field;
    field.resolve = behind(door, resolve);
    if (subscribe !== undefined) field.subscribe = behind(door, subscribe);
  }
}

function behind(door: Door, resolve: Resolve): Resolve {
  return (...asked) => door(() => resolve(...asked), ...asked);
}

function rootFieldsOf(schema: GraphQLSchema): readonly (readonly [type: string, field: string])[] {
  return rootsOf(schema).flatMap((type) =>
    Object.keys(type.getFields()).map((field) => [type.name, field] as const),
  );
}

function rootsOf(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap(
    (type) => type ?? [],
  );
}
