import { clientName } from './names.ts';
import type { Lookup, Required } from './plan.ts';
import { isRawObject, type RawObject } from './raw.ts';
import { textOf } from '../../schema/runtime/json-text.ts';
import { applyRewrites } from './rewrites.ts';
import type { Types } from './types.ts';

type Variables = Readonly<Record<string, unknown>>;

/** The representation of an object: its type and its required fields, by which a subgraph completes it. */
export type Representation = {
  readonly type: string;
  /** Equal for equal representations of one type. */
  readonly key: string;
  /** Whether the object has nothing else: two such objects with equal keys are equal. */
  readonly isWhole: boolean;
  /** The JSON text. */
  readonly text: () => string;
};

/** Makes the representation of an object; null if the object has no part that this lookup asks for. */
export type Represent = (object: RawObject, variables: Variables) => Representation | null;

type Flat = readonly { readonly from: string; readonly name: string }[];

/**
 * Compiles how the objects of a lookup are represented. A field that the object lacks is left out: its query has failed, or
 * only another field requires it, which the operation leaves out. Without any field but its type, it is not asked for.
 */
export function compileRepresent({ required, before }: Lookup, types: Types): Represent {
  const flat = new Map<string, Represent | null>();
  return (object, variables) => {
    const type = object['__typename'];
    if (typeof type !== 'string') return null;
    let represent = flat.get(type);
    if (represent === undefined) {
      // A subgraph can send any name: only names of the supergraph are kept.
      if (!types.has(type)) return null;
      const fields = before.length > 0 ? null : flatFields(required, type, types);
      represent = fields === null ? null : representFlat(type, fields);
      flat.set(type, represent);
    }
    return represent === null
      ? representNested(object, required, before, variables, types)
      : represent(object, variables);
  };
}

/** Represents objects whose required fields are leaves. Most have one: then its value is the key, and no text is made. */
function representFlat(type: string, fields: Flat): Represent {
  const [first, ...others] = fields;
  const only = others.length === 0 ? first : undefined;
  return (object) => {
    const value = only === undefined ? undefined : object[only.from];
    // A value that looks like the text of another representation must not have its key.
    if (only !== undefined && typeof value === 'string' && !value.startsWith('{')) {
      const isWhole = Object.keys(object).length === 2;
      return { type, key: value, isWhole, text: () => `${typeText(type)}${only.name}${textOf(value)}}` };
    }
    return representAll(object, type, fields);
  };
}

function representAll(object: RawObject, type: string, fields: Flat): Representation | null {
  let text = typeText(type);
  let sent = 1;
  for (const { from, name } of fields) {
    const value = object[from];
    if (value === undefined) continue;
    text += name + textOf(value);
    sent += 1;
  }
  if (sent < 2) return null;
  const whole = `${text}}`;
  return { type, key: whole, isWhole: Object.keys(object).length === sent, text: () => whole };
}

const typeTexts = new Map<string, string>();

/** Returns the beginning of a representation. The types are those of the supergraph. */
function typeText(type: string): string {
  const known = typeTexts.get(type) ?? `{"__typename":${JSON.stringify(type)}`;
  typeTexts.set(type, known);
  return known;
}

/** Returns the fields of a type if all of them are leaves; null if not. */
function flatFields(required: readonly Required[], type: string, types: Types): Flat | null {
  const found = new Map<string, string>();
  const isFlat = required.every((one) => addFlat(one, type, types, found));
  if (!isFlat) return null;
  if (found.get('__typename') !== '__typename') return null;
  found.delete('__typename');
  return [...found].map(([to, from]) => ({ from, name: `,${JSON.stringify(to)}:` }));
}

function addFlat(one: Required, type: string, types: Types, found: Map<string, string>): boolean {
  if (one.kind === 'field') {
    if (one.below !== null) return false;
    found.set(one.to, one.from);
    return true;
  }
  if (one.include.length + one.skip.length > 0) return false;
  if (one.type !== null && !types.is(type, one.type)) return true;
  return one.below.every((below) => addFlat(below, type, types, found));
}

function representNested(
  object: RawObject,
  required: readonly Required[],
  before: Lookup['before'],
  variables: Variables,
  types: Types,
): Representation | null {
  const projected = project(object, required, variables, types);
  if (Object.keys(projected).length < 2) return null;
  applyRewrites(before, projected, types);
  const type = projected['__typename'];
  if (typeof type !== 'string') return null;
  const text = JSON.stringify(projected);
  return { type, key: text, isWhole: false, text: () => text };
}

function project(
  object: RawObject,
  required: readonly Required[],
  variables: Variables,
  types: Types,
): RawObject {
  const projected: RawObject = {};
  const add = (one: Required): void => {
    if (one.kind === 'fragment') {
      if (isRequired(one, object, variables, types)) one.below.forEach(add);
      return;
    }
    const value = projectValue(object[one.from], one.below, variables, types);
    const known = projected[one.to];
    if (value !== undefined)
      projected[one.to] = isRawObject(known) && isRawObject(value) ? { ...known, ...value } : value;
  };
  required.forEach(add);
  return projected;
}

function projectValue(
  value: unknown,
  below: readonly Required[] | null,
  variables: Variables,
  types: Types,
): unknown {
  if (below === null) return value;
  if (Array.isArray(value)) return value.map((item) => projectValue(item, below, variables, types));
  return isRawObject(value) ? project(value, below, variables, types) : value;
}

function isRequired(
  { type, include, skip }: Extract<Required, { kind: 'fragment' }>,
  object: RawObject,
  variables: Variables,
  types: Types,
): boolean {
  const isSelected =
    include.every((name) => variables[clientName(name)] === true) &&
    !skip.some((name) => variables[clientName(name)] === true);
  const name = object['__typename'];
  return isSelected && (type === null || typeof name !== 'string' || types.is(name, type));
}
