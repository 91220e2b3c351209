import { endOfRecord, type RecordedDisclosure } from '../../schema/protocol/disclosure.ts';
import { handlingCodes, papScale, tlpScale } from '../../schema/record/vocabulary.ts';

/** The maximum number of records that one response may disclose. */
export const maxDisclosed = 10_000;

/**
 * Reads the disclosures that a subgraph reports. Throws at the first fault, with its path: the hub does not use a
 * response whose disclosures it cannot record, and further faults of it are of no interest.
 */
export function readDisclosures(value: unknown, community: string): readonly RecordedDisclosure[] {
  return listOf(value, 'disclosed', maxDisclosed, (one, path) => {
    const given = objectAt(one, path);
    const member = <Result>(name: string, read: (member: unknown, path: string) => Result): Result =>
      read(given[name], `${path}.${name}`);
    if (given['gone'] !== undefined) {
      member('gone', isTrue);
      // The hub states the marking: that of a record which the reader lost is not the subgraph's to choose.
      const end = endOfRecord(member('type', text(80)), member('id', text(200)), member('version', whole));
      return { ...end, community };
    }
    return {
      community,
      type: member('type', text(80)),
      id: member('id', text(200)),
      version: member('version', whole),
      tlp: member('tlp', oneOf(tlpScale)),
      pap: member('pap', oneOf(papScale)),
      handlingCodes: member('handlingCodes', list(4, oneOf(handlingCodes))),
      extraRestrictions: member('extraRestrictions', list(50, text(500))),
      audience: given['audience'] === null ? null : member('audience', list(1000, text(80))),
      portions: member(
        'portions',
        list(100, (portion, at) => {
          const own = objectAt(portion, at);
          return {
            path: text(200)(own['path'], `${at}.path`),
            tlp: oneOf(tlpScale)(own['tlp'], `${at}.tlp`),
            pap: oneOf(papScale)(own['pap'], `${at}.pap`),
            handlingCodes: list(4, oneOf(handlingCodes))(own['handlingCodes'], `${at}.handlingCodes`),
            extraRestrictions: list(50, text(500))(own['extraRestrictions'], `${at}.extraRestrictions`),
          };
        }),
      ),
      ...(given['count'] === undefined ? {} : { count: member('count', whole) }),
    };
  });
}

type Read<Result> = (value: unknown, path: string) => Result;

function listOf<Item>(value: unknown, path: string, most: number, read: Read<Item>): readonly Item[] {
  if (!Array.isArray(value)) throw fault(path, 'a list', value);
  if (value.length > most) throw new Error(`${path}: expected at most ${most} items, got ${value.length}`);
  return value.map((one, at) => read(one, `${path}[${at}]`));
}

function list<Item>(most: number, read: Read<Item>): Read<readonly Item[]> {
  return (value, path) => listOf(value, path, most, read);
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as never;
  throw fault(path, 'an object', value);
}

function text(most: number): Read<string> {
  return (value, path) => {
    if (typeof value === 'string' && value.length <= most) return value;
    throw fault(path, `a text of at most ${most} characters`, value);
  };
}

const whole: Read<number> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw fault(path, 'a whole number', value);
};

const isTrue: Read<true> = (value, path) => {
  if (value === true) return value;
  throw fault(path, 'true', value);
};

function oneOf<Value extends string>(values: readonly Value[]): Read<Value> {
  return (value, path) => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw fault(path, `one of ${values.join(', ')}`, value);
    return found;
  };
}

function fault(path: string, expected: string, got: unknown): Error {
  const shown =
    typeof got === 'string' ? JSON.stringify(got.slice(0, 40)) : String(got === null ? null : typeof got);
  return new Error(`${path}: expected ${expected}, got ${shown}`);
}
