import { createHash } from 'node:crypto';
import { type DocumentNode, type GraphQLSchema, isInputObjectType, isObjectType } from 'graphql';
import type { ReaderAccess } from '../../schema/policy/decide/policy.ts';
import { withNode } from '../../schema/node-interface/with-node.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { boundIntrospection } from './introspection-size.ts';
import { schemaOfKind } from './schema-of-kind.ts';

/** The maximum sizes of the caches in bytes, and the memory of a schema for each coordinate of the whole one. */
const max = { kinds: 1_000_000, schemas: 64_000_000, coordinate: 2000 };

/**
 * Caches the schemas of the kinds of reader. Kinds that may use the same coordinates share a schema, so a reader whose
 * classes differ from token to token does not create more of them. A kind that may look records up by id also sees the
 * interface `Node`, which the whole schema does not have.
 */
export class KindSchemas {
  /** Returns the introspection part, or throws OPERATION_TOO_LARGE. The bound is the same for every kind. */
  readonly bounded: (half: DocumentNode) => DocumentNode;
  readonly #whole: GraphQLSchema;
  readonly #coordinates: readonly (readonly [string, string])[];
  readonly #signatures = new ByteCache<string>(max.kinds);
  readonly #schemas = new ByteCache<GraphQLSchema>(max.schemas, 'kind-schemas');

  constructor(whole: GraphQLSchema) {
    this.#whole = whole;
    this.bounded = boundIntrospection(withNode(whole));
    this.#coordinates = Object.values(whole.getTypeMap())
      .filter((type) => isObjectType(type) || isInputObjectType(type))
      .flatMap((type) => Object.keys(type.getFields()).map((field) => [type.name, field] as const));
  }

  /** Returns the schema that introspection shows this reader and that decisions on its operations use. */
  of(readerAccess: Pick<ReaderAccess, 'kind' | 'mayUse'>): GraphQLSchema {
    const signature = this.#signatures.get(readerAccess.kind) ?? this.#sign(readerAccess);
    const known = this.#schemas.get(signature);
    if (known !== undefined) return known;
    const made = withNode(schemaOfKind(this.#whole, (type, field) => readerAccess.mayUse(type, field)));
    this.#schemas.set(signature, made, max.coordinate * this.#coordinates.length);
    return made;
  }

  #sign(readerAccess: Pick<ReaderAccess, 'kind' | 'mayUse'>): string {
    const bits = this.#coordinates.map(([type, field]) => (readerAccess.mayUse(type, field) ? '1' : '0'));
    const signature = createHash('sha256').update(bits.join('')).digest('base64');
    this.#signatures.set(readerAccess.kind, signature, signature.length);
    return signature;
  }
}
