import { createHash } from 'node:crypto';
import { type DocumentNode, type GraphQLSchema, isInputObjectType, isObjectType } from 'graphql';
import type { ReaderAccess } from '../../schema/policy/decide/policy.ts';
import { boundIntrospection } from './introspection-size.ts';
import { schemaOfKind } from './schema-of-kind.ts';

/** The maximum sizes of the caches. When a cache is full, its oldest entry is removed. */
const max = { kinds: 500, schemas: 64 };

/**
 * Caches the schemas of the kinds of reader. Kinds that may use the same coordinates share a schema, so a reader whose
 * classes differ from token to token does not create more of them.
 */
export class KindSchemas {
  /** Returns the introspection part, or throws OPERATION_TOO_LARGE. The bound is the same for every kind. */
  readonly bounded: (half: DocumentNode) => DocumentNode;
  readonly #whole: GraphQLSchema;
  readonly #coordinates: readonly (readonly [string, string])[];
  readonly #signatures = new Map<string, string>();
  readonly #schemas = new Map<string, GraphQLSchema>();

  constructor(whole: GraphQLSchema) {
    this.#whole = whole;
    this.bounded = boundIntrospection(whole);
    this.#coordinates = Object.values(whole.getTypeMap())
      .filter((type) => isObjectType(type) || isInputObjectType(type))
      .flatMap((type) => Object.keys(type.getFields()).map((field) => [type.name, field] as const));
  }

  /** Returns the schema that introspection shows this reader and that decisions on its operations use. */
  of(readerAccess: Pick<ReaderAccess, 'kind' | 'mayUse'>): GraphQLSchema {
    const signature = this.#signatures.get(readerAccess.kind) ?? this.#sign(readerAccess);
    cache(this.#signatures, readerAccess.kind, signature, max.kinds);
    const made =
      this.#schemas.get(signature) ??
      schemaOfKind(this.#whole, (type, field) => readerAccess.mayUse(type, field));
    cache(this.#schemas, signature, made, max.schemas);
    return made;
  }

  #sign(readerAccess: Pick<ReaderAccess, 'mayUse'>): string {
    const bits = this.#coordinates.map(([type, field]) => (readerAccess.mayUse(type, field) ? '1' : '0'));
    return createHash('sha256').update(bits.join('')).digest('base64');
  }
}

function cache<Value>(all: Map<string, Value>, key: string, value: Value, maxSize: number): void {
  if (all.has(key)) return;
  const first = all.keys().next();
  if (all.size >= maxSize && first.done !== true) all.delete(first.value);
  all.set(key, value);
}
