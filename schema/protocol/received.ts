/**
 * The hub's statement about a record that the reader's organisation asserts: the other organisations that received it, by
 * the audit log. A community takes it from the assertion only, never from a client.
 */
export type Received = {
  /** The id of the record. */
  readonly record: string;
  /** Registry ids, each once. */
  readonly organisations: readonly string[];
};

/** The most organisations of one statement. A recall has a thread for each. */
export const maxReceivers = 100;

/** Reads the statement of an assertion. Throws if it is malformed. */
export function readReceived(given: unknown): Received {
  const [record, organisations]: unknown[] =
    typeof given === 'object' && given !== null
      ? [Reflect.get(given, 'record'), Reflect.get(given, 'organisations')]
      : [];
  const isWhole = isText(record) && Array.isArray(organisations) && organisations.length <= maxReceivers;
  if (!isWhole || !organisations.every(isText))
    throw new Error(`expected a record and at most ${maxReceivers} organisations that received it`);
  return { record, organisations };
}

function isText(given: unknown): given is string {
  return typeof given === 'string' && given !== '' && given.length <= 200;
}
