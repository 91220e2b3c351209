import type { Action, RecordFacts, Relation } from '../language/domain.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';

/** One cell of the truth table: a class of reader, how it stands to a record, the record, and what it would do. */
export type Cell = {
  /** The classes that the reader is of. */
  readonly classes: ReadonlySet<string>;
  /** The relations that reader and record are in. */
  readonly relations: ReadonlySet<Relation>;
  readonly facts: RecordFacts;
  readonly group: string;
  readonly action: Action;
};

/** What the rules say of a cell: whether it is permitted, and by which rules that was decided. */
export type Judgement = {
  readonly allowed: boolean;
  readonly permits: readonly Rule[];
  readonly prohibits: readonly Rule[];
};

/**
 * Decides a cell by reading the rules as they are written, one after another: a permission is needed, and a prohibition
 * beats it. Nothing of the compilers is in here, so that the table which auditors read is a second way to the same
 * answer.
 */
export function judge(source: PolicySource, cell: Cell): Judgement {
  const applying = source.rules.filter((rule) => applies(rule, cell));
  const permits = applying.filter((rule) => rule.effect === 'permit');
  const prohibits = applying.filter((rule) => rule.effect === 'prohibit');
  return { allowed: permits.length > 0 && prohibits.length === 0, permits, prohibits };
}

/** Whether a rule speaks of a cell at all. */
export function applies(rule: Rule, cell: Cell): boolean {
  return (
    rule.actions.has(cell.action) &&
    rule.groups.has(cell.group) &&
    rule.kinds.has(cell.facts.kind) &&
    (rule.relation === 'anyone' || cell.relations.has(rule.relation)) &&
    rule.classes.every((name) => cell.classes.has(name)) &&
    meetsConditions(cell.facts, rule)
  );
}
