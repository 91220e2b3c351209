/**
 * The hub's statement that a person is a member of an organisation, by the registry. The mutation names both. A
 * community takes it from the assertion only, never from a client.
 */
export type Member = {
  /** A registry id. */
  readonly organisation: string;
  readonly subject: string;
};

/** The most persons of one statement: the assertion is a header of the request. */
export const maxMembers = 10;

/** Reads the statement of an assertion. Throws if it is malformed. */
export function readMembers(given: unknown): readonly Member[] {
  if (Array.isArray(given) && given.length <= maxMembers && given.every(isMember)) return given;
  throw new Error(`expected at most ${maxMembers} members of organisations that a change names`);
}

function isMember(given: unknown): given is Member {
  if (typeof given !== 'object' || given === null) return false;
  return isText(Reflect.get(given, 'organisation')) && isText(Reflect.get(given, 'subject'));
}

function isText(given: unknown): given is string {
  return typeof given === 'string' && given !== '' && given.length <= 200;
}
