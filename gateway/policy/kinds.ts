import { type GraphQLSchema, validate } from 'graphql';
import type { Holder } from '../../schema/policy/policy.ts';
import { schemaOfKind } from './schema-of-kind.ts';

/** More kinds than this are never there at once: classes of reader are few. */
const mostKept = 200;

/** The schemas of the kinds of reader, each made once: two readers of the same classes are shown the same bytes. */
export class KindSchemas {
  readonly #whole: GraphQLSchema;
  readonly #kept = new Map<string, GraphQLSchema>();

  constructor(whole: GraphQLSchema) {
    this.#whole = whole;
  }

  /** The schema that this reader is shown. */
  of(holder: Holder): GraphQLSchema {
    const known = this.#kept.get(holder.kind);
    if (known !== undefined) return known;
    const made = schemaOfKind(this.#whole, (type, field) => holder.mayUse(type, field));
    // A schema that is asked for the first time is validated by graphql-js; here, so that no reader waits for it.
    validate(made, { kind: 'Document' as never, definitions: [] });
    if (this.#kept.size >= mostKept) this.#kept.clear();
    this.#kept.set(holder.kind, made);
    return made;
  }
}
