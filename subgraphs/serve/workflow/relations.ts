import { memberStateKey } from '../../../schema/record/keys.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import type { Actor } from '../../../schema/workflow/engine/attempt.ts';
import { organisationsIn } from '../../../schema/workflow/engine/condition.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Content } from '../record/content.ts';

/**
 * Returns the reader as the workflow knows them, with the offices in force at the request's time. `values` are the
 * fields of the record and the facts, which name the organisations and the Member State of each relation. The moves name
 * the roles that a relation demands. `organisation` is that of the thread, null for the record itself. The relation that
 * is the thread's subject holds for its organisation only, whatever other addressees the record names.
 */
export function actorOn(
  { relations, subject }: Pick<Workflow, 'relations' | 'subject'>,
  { reader, now }: ActingReader,
  values: Content,
  organisation: string | null,
): Actor {
  const held = reader.offices.filter(({ until }) => Date.parse(until) > now.getTime());
  const isRelated = (name: string): boolean => {
    const { field, with: other, state, person } = relations[name] ?? {};
    if (other !== undefined && !isRelated(other)) return false;
    if (name === subject) return organisation === reader.organisation;
    if (field !== undefined && !isNamed(values[field], reader.organisation)) return false;
    if (person !== undefined && !isPerson(values[person], reader.subject)) return false;
    if (state !== undefined && !isOfState(values[state], reader.memberState)) return false;
    return field !== undefined || state !== undefined;
  };
  return {
    organisation: reader.organisation,
    roles: new Set(reader.roles),
    offices: new Set(held.map(({ office }) => office)),
    relations: new Set(Object.keys(relations).filter(isRelated)),
  };
}

type ActingReader = Pick<ReaderAccess, 'now'> & {
  readonly reader: Pick<Reader, 'roles' | 'organisation' | 'offices' | 'memberState'> & {
    /** The subject of the person's token. Null for the organisation as a whole, which gets the notices of its persons. */
    readonly subject: string | null;
  };
};

/** Returns whether the reader's organisation opened the record: the relation other than the threads' subject. */
export function isOpener(
  { relations, subject }: Pick<Workflow, 'relations' | 'subject'>,
  { organisation }: Pick<Reader, 'organisation'>,
  content: Content,
): boolean {
  return Object.entries(relations).some(
    ([name, { field }]) => name !== subject && field !== undefined && isNamed(content[field], organisation),
  );
}

/** Returns whether a reader with these relations sees the state of a record and its moves (`shownTo`). */
export function seesState(
  { shownTo }: Pick<Workflow, 'shownTo'>,
  { relations }: Pick<Actor, 'relations'>,
): boolean {
  return shownTo === undefined || relations.has(shownTo);
}

/** Without a named person, each person of the organisation has the relation. */
function isPerson(named: unknown, subject: string | null): boolean {
  return subject === null || named === undefined || named === null || named === subject;
}

/** A move names a Member State by its code, such as `FR`, a field of a record by its key. */
function isOfState(value: unknown, memberState: string | null): boolean {
  const own = memberState === null ? null : memberStateKey(memberState);
  return own !== null && typeof value === 'string' && sharedKey('MemberState', value) === own;
}

/** Fields of a record name an organisation by its key or in an object, facts by its registry id. */
function isNamed(value: unknown, organisation: string): boolean {
  return organisationsIn(value).includes(organisation);
}
