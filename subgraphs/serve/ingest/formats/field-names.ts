import type { z } from 'zod';

const known = new WeakMap<z.core.$ZodType, ReadonlySet<string>>();

/** Returns every field that a shape names, at any depth. Other keys of a record may be content, so errors hide them. */
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

/** Visits the shapes in a definition: values, list items, members of objects, and the getters of recursive shapes. */
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
