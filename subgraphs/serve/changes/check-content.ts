import type { GraphQLSchema } from 'graphql';
import type { Time } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import type { Content } from '../record/content.ts';
import { requiredFields } from '../record/contract.ts';
import { Refused, type UserError } from './refused.ts';

/** Throws Refused if content of an update removes a required field. The stored record does not matter. */
export function refuseRemoved(schema: GraphQLSchema, { type }: Kind, given: Content): void {
  const removed = requiredFields(schema, type).filter((name) => given[name] === null);
  refuseAll(
    removed.map((name) =>
      fault(name, `${name} is required, so null is not possible: leave it out to keep its value`),
    ),
  );
}

/**
 * Throws Refused if the content that a change makes is not valid as a whole: a required field has no value, or times
 * are not in the order that the kind declares. Fields in `hidden` are not compared, because the error would disclose
 * their values.
 */
export function checkContent(
  schema: GraphQLSchema,
  kind: Kind,
  content: Content,
  hidden: ReadonlySet<string> = new Set(),
): void {
  const missing = requiredFields(schema, kind.type).filter((name) => (content[name] ?? null) === null);
  refuseAll([
    ...missing
      .filter((name) => !hidden.has(name))
      .map((name) => fault(name, `${name} is required: give it a value`)),
    ...findUnordered(kind, content, hidden),
  ]);
}

function refuseAll([first, ...others]: readonly UserError[]): void {
  if (first !== undefined) throw new Refused(first.code, first.path, first.message, others);
}

function fault(path: string, message: string): UserError {
  return { code: 'INVALID', path: ['content', ...path.split('.')], message };
}

function findUnordered(
  { timesInOrder = [] }: Kind,
  content: Content,
  hidden: ReadonlySet<string>,
): readonly UserError[] {
  return timesInOrder.flatMap(([first, then]) => {
    const [root = ''] = first.split('.');
    const [thenRoot = ''] = then.split('.');
    if (hidden.has(root) || hidden.has(thenRoot)) return [];
    const isUnordered = parentsOf(content, first).some((parent) => {
      const start = startOf(parent[nameOf(first)]);
      const end = endOf(parent[nameOf(then)]);
      return start !== null && end !== null && start > end;
    });
    return isUnordered ? [fault(then, `${then} is before ${first}: correct one of the two times`)] : [];
  });
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Returns the objects that have the field of a path: the content, an object in it, or each item of a list. */
function parentsOf(content: Content, path: string): readonly Content[] {
  return path
    .split('.')
    .slice(0, -1)
    .reduce<readonly Content[]>(
      (parents, name) =>
        parents
          .flatMap((parent) => [parent[name] ?? []].flat())
          .filter((one): one is Content => isObject(one)),
      [content],
    );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Returns the first instant of a date or of a `Time`; null if there is none. */
function startOf(value: unknown): number | null {
  if (value instanceof Date) return value.getTime();
  const { utc } = (value ?? {}) as Partial<Time>;
  return utc instanceof Date ? utc.getTime() : null;
}

/** Returns the last instant of a date or of a `Time`, which may be exact to a day or a year only. */
function endOf(value: unknown): number | null {
  const start = startOf(value);
  if (start === null || value instanceof Date) return start;
  return start + lengths[(value as Time).precision] - 1;
}

const day = 86_400_000;
/** The longest time that each precision can mean, in milliseconds. */
const lengths: Readonly<Record<Time['precision'], number>> = {
  YEAR: 366 * day,
  MONTH: 31 * day,
  DAY: day,
  MINUTE: 60_000,
  SECOND: 1000,
  MILLISECOND: 1,
};
