import { createHash } from 'node:crypto';
import { type DocumentNode, type GraphQLSchema, isInputObjectType, isObjectType } from 'graphql';
import type { ReaderAccess } from '../../schema/policy/decide/policy.ts';
import { boundIntrospection } from './introspection-size.ts';
import { schemaOfKind } from './schema-of-kind.ts';

/** More than these are never there at once; beyond them the one that was met first is made anew when it comes again. */
const most = { kinds: 500, schemas: 64 };

/**
 * The schemas of the kinds of reader, each made once. Kinds that may use the same coordinates share one: they are shown
 * the same bytes, and a reader who changes classes from token to token makes no more of them.
 */
export class KindSchemas {
  /** Hands on what is asked of the schema, or throws OPERATION_TOO_LARGE: the same bound for every kind. */
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

  /** The schema that this reader is shown, and that its operations are decided by. */
  of(readerAccess: Pick<ReaderAccess, 'kind' | 'mayUse'>): GraphQLSchema {
    const signature = this.#signatures.get(readerAccess.kind) ?? this.#sign(readerAccess);
    keep(this.#signatures, readerAccess.kind, signature, most.kinds);
    const made =
      this.#schemas.get(signature) ??
      schemaOfKind(this.#whole, (type, field) => readerAccess.mayUse(type, field));
    keep(this.#schemas, signature, made, most.schemas);
    return made;
  }

  #sign(readerAccess: Pick<ReaderAccess, 'mayUse'>): string {
    const bits = this.#coordinates.map(([type, field]) => (readerAccess.mayUse(type, field) ? '1' : '0'));
    return createHash('sha256').update(bits.join('')).digest('base64');
  }
}

function keep<Value>(all: Map<string, Value>, key: string, value: Value, bound: number): void {
  if (all.has(key)) return;
  const first = all.keys().next();
  if (all.size >= bound && first.done !== true) all.delete(first.value);
  all.set(key, value);
}
