/**
 * The hub's statement about a record that a change names: the addressees of the change. They are those that
 * received the record, by the audit log, or the one that asserts it. A community takes it from the assertion only, never
 * from a client.
 */
export type Addressed = {
  /** The id of the record. */
  readonly record: string;
  /** Registry ids, each once. */
  readonly organisations: readonly string[];
  /**
   * Organisations that get the change without the mover's colleagues learning of it. A community of an older version does not
   * know this member, so none of them is in `organisations` too.
   */
  readonly discreet?: readonly string[];
  /**
   * One person of a discreet organisation makes what is asked for. Two do if it is absent, as a hub of an older version means: it
   * knows no other discreet organisations.
   */
  readonly byOne?: true;
  /** The reason why not all organisations can be named. The list is empty then. */
  readonly beyond?: Beyond;
};

/** Too many organisations for one statement, or too many entries of the log to find all of them. */
export type Beyond = 'organisations' | 'entries';

/** The most organisations of one statement: the new record has a thread for each. */
export const maxAddressed = 100;

/** Reads the statement of an assertion. Throws if it is malformed. */
export function readAddressed(given: unknown): Addressed {
  const { record, organisations, discreet, byOne, beyond }: Readonly<Record<string, unknown>> = isObject(
    given,
  )
    ? given
    : {};
  if (!isText(record) || !areOrganisations(organisations) || !areOrganisations(discreet ?? []))
    throw new Error(`expected a record and at most ${maxAddressed} organisations that a change is for`);
  if (beyond !== undefined && beyond !== 'organisations' && beyond !== 'entries')
    throw new Error('expected a known limit of the organisations that a change is for');
  if (byOne !== undefined && byOne !== true)
    throw new Error('expected that one person makes a change, or nothing about it');
  return {
    record,
    organisations,
    ...(areOrganisations(discreet) && { discreet }),
    ...(byOne === true && { byOne }),
    ...(beyond !== undefined && { beyond }),
  };
}

function areOrganisations(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.length <= maxAddressed && given.every(isText);
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null;
}

function isText(given: unknown): given is string {
  return typeof given === 'string' && given !== '' && given.length <= 200;
}
