import { type Action, allActions, actions, type RecordFacts, type Relation } from '../language/domain.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';

/**
 * What one permission gives on one class of record once prohibitions are taken off: readers in this relation, of all
 * these classes and of none of those, may do this. A record admits it as keys, a reader holds it as keys.
 */
export type Variant = {
  readonly relation: Relation;
  readonly classes: readonly string[];
  readonly without: readonly string[];
  readonly actions: ReadonlySet<Action>;
  /** Relation, classes and actions in one text: two variants with one text mean the same. */
  readonly text: string;
};

/** The rules on one group of fields of one kind of record, compiled. */
export type Compiled = {
  /** Every variant that a record of this kind can ever admit: what a reader may hold. */
  readonly variants: readonly Variant[];
  /** Prohibitions whatever the record: readers of all classes of one hold nothing for its actions. */
  readonly whatever: readonly Rule[];
  /** The variants that a record of these facts admits. Kept by what the facts say. */
  admittedBy(facts: RecordFacts): readonly Variant[];
};

/** Compiles the rules on one group of fields of one kind of record. */
export function compileRules(source: PolicySource, kind: string, group: string): Compiled {
  const named = source.rules.filter((rule) => rule.kinds.has(kind) && rule.groups.has(group));
  const permits = named.filter((rule) => rule.effect === 'permit');
  const all = named.filter((rule) => rule.effect === 'prohibit');
  const whatever = all.filter((rule) => rule.when.size === 0);
  const prohibits = all.filter((rule) => rule.when.size > 0);
  const known = new Map<string, readonly Variant[]>();
  const dimensions = usedDimensions(named);
  const admittedBy = (facts: RecordFacts): readonly Variant[] => {
    let signature = '';
    for (const dimension of dimensions) signature += `${facts[dimension]}|`;
    const kept = known.get(signature);
    if (kept !== undefined) return kept;
    const found = distinct(permits.flatMap((permit) => vary(permit, prohibits, facts)));
    known.set(signature, found);
    return found;
  };
  const variants = distinct(
    permits.flatMap((permit) =>
      classesOfRecords(source, kind, permit, prohibits).flatMap((facts) => vary(permit, prohibits, facts)),
    ),
  );
  return { variants, whatever, admittedBy };
}

/** One permission on one class of record, by what the prohibitions leave of it. */
function vary(permit: Rule, prohibits: readonly Rule[], facts: RecordFacts): readonly Variant[] {
  if (!meetsConditions(facts, permit)) return [];
  const binding = prohibits.filter((prohibit) => meetsConditions(facts, prohibit));
  const byExclusion = new Map<
    string,
    { readonly without: readonly string[]; readonly actions: Set<Action> }
  >();
  for (const action of permit.actions) {
    for (const without of exclusionsOf(binding.filter((prohibit) => prohibit.actions.has(action)))) {
      if (without.some((name) => permit.classes.includes(name))) continue;
      const key = without.join('&');
      const entry = byExclusion.get(key) ?? { without, actions: new Set<Action>() };
      byExclusion.set(key, entry);
      entry.actions.add(action);
    }
  }
  return [...byExclusion.values()].map(({ without, actions: left }) => toVariant(permit, without, left));
}

/**
 * The ways to be outside of every prohibition: for each, a class that the reader is not of. None where one binds
 * everybody.
 */
function exclusionsOf(prohibits: readonly Rule[]): readonly (readonly string[])[] {
  return prohibits.reduce<readonly (readonly string[])[]>(
    (ways, { classes }) =>
      ways.flatMap((way) => classes.map((name) => [...new Set([...way, name])].toSorted())),
    [[]],
  );
}

function toVariant(permit: Rule, without: readonly string[], left: ReadonlySet<Action>): Variant {
  const classes = permit.classes.toSorted();
  const conditions = [...classes, ...without.map((name) => `!${name}`)].map((name) => `&${name}`).join('');
  const letters = allActions.filter((action) => left.has(action)).map((action) => actions[action]);
  return {
    relation: permit.relation,
    classes,
    without,
    actions: left,
    text: `${permit.relation}${conditions};${letters.join('')}`,
  };
}

/** One record for each class of records that a permission and the prohibitions tell apart. */
export function classesOfRecords(
  source: PolicySource,
  kind: string,
  permit: Rule,
  prohibits: readonly Rule[],
): readonly RecordFacts[] {
  const rules = [permit, ...prohibits];
  return usedDimensions(rules).reduce<readonly RecordFacts[]>(
    (classes, dimension) => {
      const blocks = blocksOf(dimension, source.dimensions.get(dimension) ?? [], rules);
      const taken = blocks.filter((value) => permit.when.get(dimension)?.has(value) !== false);
      return classes.flatMap((facts) => taken.map((value) => ({ ...facts, [dimension]: value })));
    },
    [{ kind }],
  );
}

/** One value for each set of values that the rules do not tell apart. */
export function blocksOf(
  dimension: string,
  values: readonly string[],
  rules: readonly Pick<Rule, 'when'>[],
): readonly string[] {
  const sets = rules.flatMap((rule) => rule.when.get(dimension) ?? []);
  const bySignature = new Map(
    values.toReversed().map((value) => [sets.map((set) => (set.has(value) ? '1' : '0')).join(''), value]),
  );
  return [...bySignature.values()];
}

/** The dimensions that any of the rules asks about, in one order. */
export function usedDimensions(rules: readonly Pick<Rule, 'when'>[]): readonly string[] {
  return [...new Set(rules.flatMap((rule) => [...rule.when.keys()]))].toSorted();
}

function distinct(variants: readonly Variant[]): readonly Variant[] {
  return [...new Map(variants.map((variant) => [variant.text, variant])).values()];
}

/** What cannot be compiled into keys, one a line: it would be decided differently in different places. */
export function findUncompilable(source: PolicySource): readonly string[] {
  return source.rules.flatMap((rule) => {
    const embargo = rule.when.get('embargo');
    const faults: string[] = [];
    if (rule.effect === 'prohibit' && rule.relation !== 'anyone')
      faults.push('a prohibition on a relation cannot be compiled into keys: prohibit classes of reader');
    if (rule.effect === 'permit' && embargo?.has('over') === false)
      faults.push('what is permitted before an embargo ends must be permitted after it');
    if (rule.effect === 'prohibit' && embargo?.has('running') === false)
      faults.push('what is prohibited after an embargo must be prohibited before it ends');
    return faults.map((fault) => `${rule.id}: ${fault}`);
  });
}
