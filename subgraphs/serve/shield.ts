import type { GraphQLSchema } from 'graphql';
import type { IMiddleware } from 'graphql-middleware';
import type * as GraphqlMiddleware from 'graphql-middleware';
import type * as GraphqlShield from 'graphql-shield';
import { createRequire } from 'node:module';
import { HubError } from '../../schema/errors.ts';
import type { Context } from './context.ts';

// graphql-shield 7.6.5 throws when Node 24 imports it as ESM; both load as CommonJS, and must load alike.
const require = createRequire(import.meta.url);
const { rule, shield, deny } = require('graphql-shield') as typeof GraphqlShield;
const { applyMiddleware } = require('graphql-middleware') as typeof GraphqlMiddleware;

/** Fields of the federation's machinery: `_entities` is a door like any other, `_service` is not for this hub. */
const openMachinery = ['_entities'];

/**
 * Shields the doors of a subgraph: every root field has a rule of its own name, whatever has none is refused. The
 * fields behind them are the guard's, since a shield over every field costs five times a list.
 */
export function shieldDoors(schema: GraphQLSchema): GraphQLSchema {
  const fields = Object.keys(schema.getQueryType()?.getFields() ?? {});
  const doors = Object.fromEntries(
    fields.map((field) => [field, field === '_service' ? deny : doorRule(field)]),
  );
  const options = { fallbackRule: deny, fallbackError: new HubError('REFUSED'), allowExternalErrors: true };
  const shielded = shield({ Query: { '*': deny, ...doors } }, options).generate(schema) as Record<
    string,
    IMiddleware
  >;
  const query = shielded['Query'];
  if (query === undefined) throw new Error('graphql-shield made no middleware for Query');
  return applyMiddleware(schema, { Query: query } as never);
}

/** Named after its door, since graphql-shield caches by rule name alone. */
function doorRule(field: string) {
  return rule(`Query.${field}`, { cache: 'no_cache' })((_source, _args, context: Context) =>
    openMachinery.includes(field) ? context.reader.subject !== '' : context.holder.mayUse('Query', field),
  );
}
