import type { Lookup, Step } from './plan.ts';
import { copyOf, isRawObject, mergeInto, type RawObject } from './raw.ts';
import { compileRepresent, type Represent } from './representations.ts';
import { applyRewrites } from './rewrites.ts';
import type { Types } from './types.ts';

type Variables = Readonly<Record<string, unknown>>;
type Target = { readonly object: RawObject; readonly index: number; readonly pathAt: number };

/** The representations of one lookup, each sent once, and the objects that get the entities. */
export type Represented = {
  readonly lookup: Lookup;
  readonly texts: readonly string[];
  readonly types: readonly string[];
  readonly targets: readonly Target[];
};

/** A lookup with its compiled parts. */
export type CompiledLookup = { readonly lookup: Lookup; readonly represent: Represent };

/** Compiles the lookups of one query to a subgraph. */
export function compileLookups(lookups: readonly Lookup[], types: Types): readonly CompiledLookup[] {
  return lookups.map((lookup) => ({ lookup, represent: compileRepresent(lookup, types) }));
}

/**
 * Makes the representations of the objects that a lookup has to complete. Objects of one path that are known by their
 * representation alone become one object of the data, so that whatever is joined below them is joined once.
 */
export function represent(
  { lookup, represent: toRepresentation }: CompiledLookup,
  root: RawObject,
  variables: Variables,
  types: Types,
): Represented {
  const texts: string[] = [];
  const typeNames: string[] = [];
  const targets: Target[] = [];
  const indexesOf = new Map<string, Map<string, number>>();
  for (const [pathAt, path] of lookup.paths.entries()) {
    const wholeOf = new Map<string, Map<string, RawObject>>();
    const seen = new Set<RawObject>();
    forEachAt(root, path, types, (object, holder, key) => {
      if (seen.has(object)) return;
      seen.add(object);
      const made = toRepresentation(object, variables);
      if (made === null) return;
      const { type, key: own, isWhole } = made;
      if (isWhole) {
        const whole = mapOf(wholeOf, type);
        const equal = whole.get(own);
        if (equal === undefined) whole.set(own, object);
        else if (holder !== null) {
          holder[key] = equal;
          return;
        }
      }
      const indexes = mapOf(indexesOf, type);
      let index = indexes.get(own);
      if (index === undefined) {
        index = texts.push(made.text()) - 1;
        typeNames.push(type);
        indexes.set(own, index);
      }
      targets.push({ object, index, pathAt });
    });
  }
  return { lookup, texts, types: typeNames, targets };
}

function mapOf<Value>(maps: Map<string, Map<string, Value>>, type: string): Map<string, Value> {
  let map = maps.get(type);
  if (map === undefined) {
    map = new Map();
    maps.set(type, map);
  }
  return map;
}

/** Joins the entities of an answer into the objects that they complete. Throws unless there is one for each representation. */
export function joinEntities({ lookup, texts, targets }: Represented, data: RawObject, types: Types): void {
  const entities = data[lookup.key];
  if (entities === null || entities === undefined) return;
  if (!Array.isArray(entities) || entities.length !== texts.length)
    throw new Error(`expected ${texts.length} entities, got ${describe(entities)}`);
  if (lookup.after.length > 0)
    for (const entity of entities) applyRewrites(lookup.after, entity as never, types);
  const firstPaths: (number | undefined)[] = [];
  const copies = new Map<string, RawObject>();
  for (const { object, index, pathAt } of targets) {
    const entity: unknown = entities[index];
    if (!isRawObject(entity)) continue;
    // Later queries complete the objects of one path alike. Another path may get other fields under the same keys.
    firstPaths[index] ??= pathAt;
    mergeInto(
      object,
      firstPaths[index] === pathAt ? entity : copyFor(copies, `${index} ${pathAt}`, entity),
      types,
    );
  }
}

function copyFor(copies: Map<string, RawObject>, key: string, entity: RawObject): RawObject {
  const known = copies.get(key) ?? (copyOf(entity) as RawObject);
  copies.set(key, known);
  return known;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? String(value.length) : typeof value;
}

type Holder = Record<string | number, unknown>;
type Visit = (object: RawObject, holder: Holder | null, key: string | number) => void;

/** Calls `visit` for each object at a path, with the object or list that holds it. */
export function forEachAt(root: RawObject, path: readonly Step[], types: Types, visit: Visit): void {
  let level: Iterable<unknown> = [root];
  const last = path.findLastIndex(({ kind }) => kind !== 'types');
  if (last < 0) {
    visitIf(root, null, '', path, types, visit);
    return;
  }
  const after = path.slice(last + 1);
  for (const [at, step] of path.entries()) {
    if (at > last) return;
    if (at < last) level = below(level, step, types);
    else for (const holder of level) visitIn(holder, step, after, types, visit);
  }
}

function visitIn(holder: unknown, step: Step, after: readonly Step[], types: Types, visit: Visit): void {
  if (step.kind === 'items') visitItems(holder, after, types, visit);
  else if (step.kind === 'key' && isRawObject(holder))
    visitIf(holder[step.key], holder, step.key, after, types, visit);
}

/** Hive's paths have one step for a list of lists, Apollo's one for each: for an object, such a step does nothing. */
function visitItems(list: unknown, after: readonly Step[], types: Types, visit: Visit): void {
  if (!Array.isArray(list)) {
    visitIf(list, null, '', after, types, visit);
    return;
  }
  for (let at = 0; at < list.length; at += 1) {
    const item: unknown = list[at];
    if (Array.isArray(item)) visitItems(item, after, types, visit);
    else visitIf(item, list as never, at, after, types, visit);
  }
}

function visitIf(
  value: unknown,
  holder: Holder | null,
  key: string | number,
  after: readonly Step[],
  types: Types,
  visit: Visit,
): void {
  if (Array.isArray(value)) visitItems(value, after, types, visit);
  else if (isRawObject(value) && after.every((step) => isAt(value, step, types))) visit(value, holder, key);
}

/** Returns the distinct objects and lists one step below those of a level. */
function below(level: Iterable<unknown>, step: Step, types: Types): Iterable<unknown> {
  const found = new Set<unknown>();
  for (const value of level) {
    if (step.kind === 'key') {
      if (isRawObject(value)) found.add(value[step.key]);
    } else if (step.kind === 'items') addItems(value, found);
    else if (isRawObject(value) && isAt(value, step, types)) found.add(value);
  }
  found.delete(null);
  found.delete(undefined);
  return found;
}

function addItems(list: unknown, found: Set<unknown>): void {
  if (!Array.isArray(list)) {
    found.add(list);
    return;
  }
  for (const item of list) {
    if (Array.isArray(item)) addItems(item, found);
    else found.add(item);
  }
}

function isAt(value: RawObject, step: Step, types: Types): boolean {
  if (step.kind !== 'types') return true;
  const type = value['__typename'];
  return typeof type !== 'string' || step.types.some((condition) => types.is(type, condition));
}
