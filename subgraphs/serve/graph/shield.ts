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

// graphql-shield 7.6.5 throws when Node 24 imports it as ESM. It loads as CommonJS.
const require = createRequire(import.meta.url);
const { rule, shield, deny } = require('graphql-shield') as typeof GraphqlShield;

/** Rules by root type and field. `findShieldFaults` checks the values. */
type RootFieldRules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
/** The checked properties of a graphql-shield rule. */
type MaybeRule =
  { readonly name?: unknown; readonly func?: unknown; readonly cache?: unknown } | null | undefined;
/** The options of graphql-shield. `findShieldFaults` checks the values. */
type ShieldOptions = Readonly<Record<string, unknown>>;
type Resolve = GraphQLFieldResolver<unknown, Context>;
/** A field middleware that graphql-shield generates: it calls `inner` if the rule allows. */
type Middleware = (inner: () => unknown, ...args: Parameters<Resolve>) => unknown;

/** Rules of the federation's root fields. The hub reads the schema from its supergraph and never needs `_service`. */
const federationFields: Readonly<Record<string, (context: Context) => boolean>> = {
  _entities: ({ reader }) => reader.subject !== '',
  _service: () => false,
};

const defaultOptions: ShieldOptions = {
  fallbackRule: deny,
  fallbackError: new HubError('REFUSED'),
  allowExternalErrors: true,
};

/**
 * Shields the root fields of a subgraph with one rule each. A root field without a rule is refused, and a rule that
 * throws refuses. All other fields are guarded by `guardFields`: graphql-shield on every field makes a list five times
 * slower. Throws at start if the rules are incomplete.
 */
export function shieldRootFields(
  schema: GraphQLSchema,
  rules: RootFieldRules = rootFieldRules(schema),
  options: ShieldOptions = defaultOptions,
): GraphQLSchema {
  const faults = [...findOptionFaults(options), ...findShieldFaults(schema, rules)];
  if (faults.length > 0) throw new Error(`the shield is incomplete:\n  ${faults.join('\n  ')}`);
  const made = shield(rules as never, options as never).generate(schema) as Record<
    string,
    Record<string, Middleware>
  >;
  for (const type of rootsOf(schema)) applyMiddleware(type, made[type.name] ?? {});
  return schema;
}

/** A rule for each root field, named after its coordinate: graphql-shield identifies rules by name. */
export function rootFieldRules(schema: GraphQLSchema): RootFieldRules {
  return Object.fromEntries(
    rootsOf(schema).map((type) => [
      type.name,
      Object.fromEntries(Object.keys(type.getFields()).map((field) => [field, rootFieldRule(type, field)])),
    ]),
  );
}

/**
 * Finds faults that graphql-shield accepts silently, one message for each: a root field without a rule (the fallback
 * would decide), a value that is not a rule (it opens the whole type), two rules with one name or one rule at two root
 * fields (they share a cache), a rule that caches, and a subscription without a stream.
 */
export function findShieldFaults(schema: GraphQLSchema, rules: RootFieldRules): readonly string[] {
  const seen = new Set<unknown>();
  return rootFieldsOf(schema).flatMap(([type, field]) => {
    const coordinate = `${type}.${field}`;
    const found = rules[type]?.[field] as MaybeRule;
    if (found === undefined) return [`${coordinate}: no rule guards this root field`];
    if (typeof found?.name !== 'string' || typeof found.func !== 'function')
      return [`${coordinate}: expected a rule of graphql-shield`];
    const root = schema.getType(type) as GraphQLObjectType;
    const isStream = root === schema.getSubscriptionType();
    const isDoubled = seen.has(found.name);
    seen.add(found.name);
    return [
      ...(isDoubled ? [`${coordinate}: another root field has a rule named ${found.name}`] : []),
      ...(isStream && root.getFields()[field]?.subscribe === undefined
        ? [`${coordinate}: this subscription has no stream`]
        : []),
      ...(found.cache === 'no_cache' ? [] : [`${coordinate}: the rule of a root field must not be cached`]),
    ];
  });
}

/**
 * Finds options that graphql-shield accepts and that open a refused field, one message for each. It returns the result
 * of a `fallbackError` that is a function, and null or another value as it is: both are answers, not refusals.
 */
export function findOptionFaults(options: ShieldOptions): readonly string[] {
  const { fallbackRule, fallbackError, debug } = options;
  return [
    ...(fallbackRule === deny ? [] : ['fallbackRule: expected `deny` of graphql-shield']),
    ...(fallbackError instanceof HubError && fallbackError.code === 'REFUSED'
      ? []
      : [`fallbackError: expected the error REFUSED, got ${nameOfValue(fallbackError)}`]),
    ...(debug === undefined || debug === false ? [] : ['debug: expected false']),
  ];
}

function nameOfValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return value instanceof Error ? 'another error' : `a ${typeof value}`;
}

function rootFieldRule(type: GraphQLObjectType, field: string): unknown {
  const declared = type.getFields()[field]?.args ?? [];
  return rule(`${type.name}.${field}`, { cache: 'no_cache' })((_source, args, context: Context) => {
    if (Object.hasOwn(federationFields, field)) return federationFields[field]?.(context) ?? false;
    return (
      context.readerAccess.mayUse(type.name, field) && mayUseInputs(declared, args, context.readerAccess)
    );
  });
}

/**
 * Wraps both `resolve` and `subscribe` of each root field. graphql-middleware wraps `resolve` alone where a field has
 * both, so a stream would start before its rule is checked. Here the rule is checked before the stream starts and
 * before each event.
 */
function applyMiddleware(type: GraphQLObjectType, middlewares: Readonly<Record<string, Middleware>>): void {
  for (const field of Object.values(type.getFields())) {
    const middleware = middlewares[field.name];
    if (typeof middleware !== 'function')
      throw new Error(`${type.name}.${field.name}: graphql-shield generated no middleware`);
    const { resolve = defaultFieldResolver, subscribe } = field;
    field.resolve = wrap(middleware, resolve);
    if (subscribe !== undefined) field.subscribe = wrap(middleware, subscribe);
  }
}

function wrap(middleware: Middleware, resolve: Resolve): Resolve {
  return (...args) => middleware(() => resolve(...args), ...args);
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
