import type { Action, RecordFacts, Relation } from '../language/domain.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';

/** One cell of the truth table: classes of reader, relations to a record, the record's values, and the access. */
export type Cell = {
  /** The classes that the reader belongs to. */
  readonly classes: ReadonlySet<string>;
  /** The relations between the reader and the record. */
  readonly relations: ReadonlySet<Relation>;
  readonly facts: RecordFacts;
  readonly group: string;
  readonly action: Action;
};

/** The decision for a cell, and the rules that match it. */
export type Judgement = {
  readonly allowed: boolean;
  readonly permits: readonly Rule[];
  readonly prohibits: readonly Rule[];
};

/**
 * Decides a cell by evaluating the rules as they are written. A cell is allowed if a permission matches and no prohibition
 * does. Uses no code of the compiler, so that the auditors' table verifies the compiled policy.
 */
export function judge(source: PolicySource, cell: Cell): Judgement {
  const matching = source.rules.filter((rule) => matches(rule, cell));
  const permits = matching.filter((rule) => rule.effect === 'permit');
  const prohibits = matching.filter((rule) => rule.effect === 'prohibit');
  return { allowed: permits.length > 0 && prohibits.length === 0, permits, prohibits };
}

/** Returns true if all conditions of a rule are true for a cell. */
export function matches(rule: Rule, cell: Cell): boolean {
  return (
    rule.actions.has(cell.action) &&
    rule.groups.has(cell.group) &&
    rule.kinds.has(cell.facts.kind) &&
    (rule.relation === 'anyone' || cell.relations.has(rule.relation)) &&
    rule.classes.every((name) => cell.classes.has(name)) &&
    meetsConditions(cell.facts, rule)
  );
}
