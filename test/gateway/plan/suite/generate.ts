import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isNonNullType,
  isRequiredArgument,
  isUnionType,
  parse,
  validate,
} from 'graphql';
import { randomFrom, type Random } from './random.ts';
import { printValue, randomValue } from './random-values.ts';

/** Limits of the random operations. */
export type GenerateOptions = {
  /** The number of levels of objects. */
  readonly depth?: number;
  /** The largest number of selections of an object. */
  readonly width?: number;
  /** Whether aliases may be the names of other fields, which planners are known to confuse with keys. */
  readonly shadowing?: boolean;
};

type Generated = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };

type Variable = {
  readonly name: string;
  readonly type: string;
  readonly definition: string;
  readonly value?: unknown;
};

type Fragment = { readonly name: string; readonly type: GraphQLCompositeType; readonly text: string };

const attempts = 30;

/**
 * Generates a random valid query over a schema: with aliases, fragments, type conditions, conditions and variables. The
 * same seed gives the same query.
 *
 * @example
 * const { query, variables } = generate(supergraph.merged, 42);
 */
export function generate(schema: GraphQLSchema, seed: number, options: GenerateOptions = {}): Generated {
  const random = randomFrom(seed);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const generated = new Generator(schema, random, options).operation();
    // Two fields with one response name may conflict: such an operation is discarded.
    if (validate(schema, parse(generated.query)).length === 0) return generated;
  }
  return { query: '{ __typename }', variables: {} };
}

class Generator {
  readonly #schema: GraphQLSchema;
  readonly #random: Random;
  readonly #options: Required<GenerateOptions>;
  readonly #variables: Variable[] = [];
  readonly #fragments: Fragment[] = [];
  #names = 0;

  constructor(schema: GraphQLSchema, random: Random, options: GenerateOptions) {
    this.#schema = schema;
    this.#random = random;
    this.#options = { depth: 4, width: 3, shadowing: false, ...options };
  }

  operation(): Generated {
    const root = this.#schema.getQueryType();
    if (root === null || root === undefined) throw new Error('expected a schema with the type Query');
    const selection = this.#selectionOf(root, this.#options.depth);
    const definitions = this.#variables.map(({ definition }) => definition).join(', ');
    const fragments = this.#fragments.map(
      ({ name, type, text }) => `fragment ${name} on ${type.name} ${text}`,
    );
    return {
      query: [`query${definitions === '' ? '' : ` (${definitions})`} ${selection}`, ...fragments].join('\n'),
      variables: Object.fromEntries(
        this.#variables.flatMap((variable) => ('value' in variable ? [[variable.name, variable.value]] : [])),
      ),
    };
  }

  #selectionOf(type: GraphQLCompositeType, depth: number): string {
    const selections = Array.from({ length: this.#random.integer(1, this.#options.width) }, () =>
      this.#selection(type, depth),
    );
    return `{ ${selections.join(' ')} }`;
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const fields = this.#fieldsOf(type, depth);
    if (depth > 0 && this.#random.chance(isAbstractType(type) ? 0.45 : 0.12))
      return this.#inlineFragment(type, depth);
    if (depth > 0 && this.#random.chance(0.08)) return this.#spread(type, depth);
    if (fields.length === 0 || this.#random.chance(0.07))
      return `${this.#alias(fields)}__typename${this.#condition()}`;
    return this.#field(this.#random.pick(fields), fields, depth);
  }

  #fieldsOf(type: GraphQLCompositeType, depth: number): readonly GraphQLField<unknown, unknown>[] {
    if (isUnionType(type)) return [];
    const fields = Object.values(type.getFields());
    return depth > 1 ? fields : fields.filter((field) => isLeafType(getNamedType(field.type)));
  }

  #field(
    field: GraphQLField<unknown, unknown>,
    siblings: readonly GraphQLField<unknown, unknown>[],
    depth: number,
  ): string {
    const type = getNamedType(field.type);
    const given = field.args.filter((argument) => isRequiredArgument(argument) || this.#random.chance(0.5));
    const list = given.map((argument) => `${argument.name}: ${this.#argument(argument)}`).join(', ');
    const selection = isCompositeType(type) ? ` ${this.#selectionOf(type, depth - 1)}` : '';
    // Fields with arguments need an alias more often: without one they conflict with their other uses.
    const alias = list === '' ? this.#alias(siblings) : `${this.#newName('with')}: `;
    return `${alias}${field.name}${list === '' ? '' : `(${list})`}${this.#condition()}${selection}`;
  }

  #alias(siblings: readonly GraphQLField<unknown, unknown>[]): string {
    if (!this.#random.chance(0.25)) return '';
    if (this.#options.shadowing && siblings.length > 0 && this.#random.chance(0.5))
      return `${this.#random.pick(siblings).name}: `;
    return this.#random.chance(0.5) ? `${this.#random.pick(['a', 'b', 'c'])}: ` : `${this.#newName('x')}: `;
  }

  #inlineFragment(type: GraphQLCompositeType, depth: number): string {
    const on = this.#typeUnder(type);
    const isBare = on === type && this.#random.chance(0.5);
    return `...${isBare ? '' : ` on ${on.name}`}${this.#condition()} ${this.#selectionOf(on, depth)}`;
  }

  #spread(type: GraphQLCompositeType, depth: number): string {
    const on = this.#typeUnder(type);
    const existing = this.#fragments.filter((fragment) => fragment.type === on);
    if (existing.length > 0 && this.#random.chance(0.5))
      return `...${this.#random.pick(existing).name}${this.#condition()}`;
    const text = this.#selectionOf(on, depth - 1);
    const name = this.#newName('F');
    this.#fragments.push({ name, type: on, text });
    return `...${name}${this.#condition()}`;
  }

  /** Returns the type, one of its possible types, or an interface that shares a possible type with it. */
  #typeUnder(type: GraphQLCompositeType): GraphQLCompositeType {
    if (!isAbstractType(type)) {
      const parents = [type, ...type.getInterfaces()];
      return this.#random.chance(0.8) ? type : this.#random.pick(parents);
    }
    const possible = this.#schema.getPossibleTypes(type);
    const interfaces = possible.flatMap((one) => one.getInterfaces());
    return this.#random.pick([type, ...possible, ...possible, ...interfaces]);
  }

  #condition(): string {
    if (!this.#random.chance(0.1)) return '';
    const one = () => {
      const isOn = this.#random.chance(0.5);
      const value = this.#random.chance(0.8) ? this.#booleanVariable(isOn) : String(isOn);
      return (name: string) => ` @${name}(if: ${value})`;
    };
    if (this.#random.chance(0.15)) return one()('skip') + one()('include');
    return one()(this.#random.pick(['skip', 'include']));
  }

  #booleanVariable(value: boolean): string {
    const found = this.#variables.filter(({ type }) => type === 'Boolean!');
    if (found.length > 0 && this.#random.chance(0.5)) return `$${this.#random.pick(found).name}`;
    const name = this.#newName('if');
    this.#variables.push({ name, type: 'Boolean!', definition: `$${name}: Boolean!`, value });
    return `$${name}`;
  }

  #argument({ type }: GraphQLArgument): string {
    const value = randomValue(type, this.#random);
    return this.#random.chance(0.4) ? this.#variable(type, value) : printValue(type, value);
  }

  #variable(type: GraphQLInputType, value: unknown): string {
    const text = String(type);
    const found = this.#variables.filter((variable) => variable.type === text);
    if (found.length > 0 && this.#random.chance(0.4)) return `$${this.#random.pick(found).name}`;
    const name = this.#newName('v');
    const byDefault = this.#random.chance(0.2)
      ? ` = ${printValue(type, randomValue(type, this.#random))}`
      : '';
    const isOmitted = (byDefault !== '' || !isNonNullType(type)) && this.#random.chance(0.3);
    const definition = `$${name}: ${text}${byDefault}`;
    this.#variables.push({ name, type: text, definition, ...(isOmitted ? {} : { value }) });
    return `$${name}`;
  }

  #newName(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }
}
