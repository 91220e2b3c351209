import type { z } from 'zod';

const known = new WeakMap<z.core.$ZodType, ReadonlySet<string>>();

/** Every field that a shape names, at any depth: any other key that is met in a record may be its content. */
export function fieldNames(shape: z.core.$ZodType): ReadonlySet<string> {
  const cached = known.get(shape);
  if (cached !== undefined) return cached;
  const names = new Set<string>();
  collect(shape, names, new Set());
  known.set(shape, names);
  return names;
}

function collect(part: unknown, names: Set<string>, met: Set<object>): void {
  if (typeof part !== 'object' || part === null || met.has(part)) return;
  met.add(part);
  if (Array.isArray(part)) for (const one of part) collect(one, names, met);
  else if (isShape(part)) collectFromDefinition(part._zod.def, names, met);
}

/** A definition holds other shapes as values, in lists, by name (an object's) or behind a function (a recursive one's). */
function collectFromDefinition(definition: object, names: Set<string>, met: Set<object>): void {
  for (const [key, value] of Object.entries(definition) as [string, unknown][]) {
    if (key === 'shape' && typeof value === 'object' && value !== null) {
      for (const name of Object.keys(value)) names.add(name);
      collect(Object.values(value), names, met);
    } else if (key === 'getter' && typeof value === 'function') collect(value(), names, met);
    else collect(value, names, met);
  }
}

function isShape(value: object): value is z.core.$ZodType {
  return '_zod' in value;
}
