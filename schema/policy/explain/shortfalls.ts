import type { Reader } from '../../protocol/reader.ts';
import type { RecordFacts, Relation } from '../language/domain.ts';
import { unset } from '../language/domain.ts';
import type { PolicySource, ReaderClass, Rule } from '../language/rules.ts';

/** An unmet condition of a permission: the expected and the actual values. */
export type Shortfall = {
  readonly on: 'role' | 'organisation' | 'client' | 'authentication' | 'purpose' | 'relation' | 'record';
  /** The class of reader, the relation or the dimension of the record that the condition is about. */
  readonly of: string;
  /** The values that meet the condition; empty if none can be named. */
  readonly expected: readonly string[];
  readonly got: readonly string[];
};

/** Returns the conditions of a rule's classes that a reader does not meet. */
export function findReaderShortfalls(reader: Reader, rule: Rule, source: PolicySource): readonly Shortfall[] {
  return rule.classes.flatMap((name) => {
    const one = source.classes.get(name);
    return one === undefined ? [] : classShortfalls(reader, one);
  });
}

function classShortfalls(reader: Reader, one: ReaderClass): readonly Shortfall[] {
  return [
    shortfall('role', one.name, one.roles, reader.roles),
    shortfall('organisation', one.name, one.organisations, [reader.organisation]),
    shortfall('client', one.name, one.client === null ? null : new Set([one.client]), [reader.client]),
    shortfall('authentication', one.name, one.strong === null ? null : new Set([strength(one.strong)]), [
      strength(reader.onScreen),
    ]),
    shortfall('purpose', one.name, one.purposes, reader.purpose === null ? [] : [reader.purpose]),
  ].flatMap((found) => found ?? []);
}

function strength(strong: boolean): string {
  return strong ? 'on screen' : 'not on screen';
}

function shortfall(
  on: Shortfall['on'],
  of: string,
  expected: ReadonlySet<string> | null,
  got: readonly string[],
): Shortfall | null {
  if (expected === null || got.some((value) => expected.has(value))) return null;
  return { on, of, expected: [...expected], got };
}

/** Returns the conditions of a rule on the record that these values do not meet. */
export function findRecordShortfalls(facts: RecordFacts, rule: Rule): readonly Shortfall[] {
  return [...rule.when].flatMap(
    ([dimension, values]) => shortfall('record', dimension, values, [facts[dimension] ?? unset]) ?? [],
  );
}

/** Returns the unmet condition for a relation that reader and record do not have, with the values of both. */
export function relationShortfall(
  relation: Relation,
  record: readonly string[],
  reader: readonly string[],
): readonly Shortfall[] {
  return [{ on: 'relation', of: relation, expected: record, got: reader }];
}

/** Returns a copy of the reader that meets these conditions, with the first expected value of each. */
export function meetShortfalls(reader: Reader, shortfalls: readonly Shortfall[]): Reader {
  return shortfalls.reduce((made, { on, expected: [value] }) => {
    if (value === undefined) return made;
    if (on === 'role') return { ...made, roles: [...made.roles, value] };
    if (on === 'organisation') return { ...made, organisation: value };
    if (on === 'client') return { ...made, client: value as Reader['client'] };
    if (on === 'authentication') return { ...made, onScreen: value === 'on screen' };
    return on === 'purpose' ? { ...made, purpose: value as Reader['purpose'] } : made;
  }, reader);
}
