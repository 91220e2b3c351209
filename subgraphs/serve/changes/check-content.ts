import type { GraphQLSchema } from 'graphql';
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
 * Throws Refused if the content that a change makes is not valid as a whole: a required field has no value. Ignores fields in `hidden`,
 * because the error would disclose their values.
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
  ]);
}

function refuseAll([first, ...others]: readonly UserError[]): void {
  if (first !== undefined) throw new Refused(first.code, first.path, first.message, others);
}

function fault(path: string, message: string): UserError {
  return { code: 'INVALID', path: ['content', ...path.split('.')], message };
}
