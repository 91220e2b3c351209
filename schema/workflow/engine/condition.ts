import type { Attempt } from './attempt.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Returns whether each named value is one of those that a condition lists. Without a condition, it applies. A value for
 * which `isOpen` returns true is not known yet and decides nothing.
 */
export function applies(
  condition: Readonly<Record<string, readonly string[]>> | undefined,
  values: Values,
  isOpen: (name: string) => boolean = () => false,
): boolean {
  return Object.entries(condition ?? {}).every(
    ([name, listed]) => isOpen(name) || listed.includes(wordOf(values[name])),
  );
}

/** Returns the values that conditions name: fields of the record, facts, and inputs that are stated, which count first. */
export function valuesOf({ known, fields, input }: Pick<Attempt, 'known' | 'fields' | 'input'>): Values {
  const stated = Object.entries(input).filter(([, value]) => isStated(value));
  return { ...fields, ...known?.fields, ...known?.progress.facts, ...Object.fromEntries(stated) };
}

/** Returns the registry ids of the organisations in a value: a registry id, a key, an object that names one, or a list. */
export function organisationsIn(value: unknown): readonly string[] {
  return [value].flat().flatMap((one: unknown) => {
    if (typeof one === 'string') return [one.startsWith(keyStart) ? one.slice(keyStart.length) : one];
    return typeof one === 'object' && one !== null ? organisationsIn(Reflect.get(one, 'organisation')) : [];
  });
}

const keyStart = 'Organisation:';

/** Returns whether a value is given: null and undefined are not. */
export function isStated(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}
