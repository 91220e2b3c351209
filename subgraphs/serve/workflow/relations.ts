import { organisationKey } from '../../../schema/record/keys.ts';
import type { Actor } from '../../../schema/workflow/engine/attempt.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Content } from '../record/content.ts';

/**
 * Returns the reader as the workflow knows them, with the offices in force at the request's time. `organisation` is that of the thread, null for the record itself. The
 * relation that is the thread's subject holds for its organisation only, whatever other addressees the record names.
 */
export function actorOn(
  { relations, subject }: Pick<Workflow, 'relations' | 'subject'>,
  { reader, now }: ActingReader,
  content: Content,
  organisation: string | null,
): Actor {
  const own = organisationKey(reader.organisation);
  const held = Object.entries(relations).flatMap(([name, { field }]) => {
    if (name === subject) return organisation === reader.organisation ? [name] : [];
    return field !== undefined && namesOf(content[field]).includes(own) ? [name] : [];
  });
  const offices = reader.offices.filter(({ until }) => Date.parse(until) > now.getTime());
  return {
    roles: new Set(reader.roles),
    offices: new Set(offices.map(({ office }) => office)),
    relations: new Set(held),
  };
}

type ActingReader = Pick<ReaderAccess, 'now'> & {
  readonly reader: Pick<Reader, 'roles' | 'organisation' | 'offices'>;
};

/** Returns whether the reader's organisation opened the record: the relation other than the threads' subject. */
export function isOpener(
  { relations, subject }: Pick<Workflow, 'relations' | 'subject'>,
  { organisation }: Pick<Reader, 'organisation'>,
  content: Content,
): boolean {
  const own = organisationKey(organisation);
  return Object.entries(relations).some(
    ([name, { field }]) => name !== subject && field !== undefined && namesOf(content[field]).includes(own),
  );
}

function namesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
