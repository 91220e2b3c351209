import type { Action, RecordFacts, Relation } from '../language/domain.ts';
import { keySuffix } from './access-keys.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';

/**
 * A permission on one class of records after prohibitions are subtracted: readers in `relation`, in all of `classes`
 * and in none of `without` may do `actions`. Access keys are made of a variant, on the side of the record and of the
 * reader.
 */
export type Variant = {
  readonly relation: Relation;
  readonly classes: readonly string[];
  readonly without: readonly string[];
  readonly actions: ReadonlySet<Action>;
  /** Relation, classes and actions as one string. Variants with equal strings are equivalent. */
  readonly text: string;
};

/** The compiled rules on one group of fields of one kind of record. */
export type Compiled = {
  /** All variants that some record of this kind admits. */
  readonly variants: readonly Variant[];
  /** Prohibitions without conditions on the record. A reader in all classes of one has no access by its actions. */
  readonly unconditional: readonly Rule[];
  /** Returns the variants that a record with these facts admits. Results are cached. */
  admittedBy(facts: RecordFacts): readonly Variant[];
};

/** Compiles the rules on one group of fields of one kind of record. */
export function compileRules(source: PolicySource, kind: string, group: string): Compiled {
  const named = source.rules.filter((rule) => rule.kinds.has(kind) && rule.groups.has(group));
  const permits = named.filter((rule) => rule.effect === 'permit');
  const all = named.filter((rule) => rule.effect === 'prohibit');
  const unconditional = all.filter((rule) => rule.when.size === 0);
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
  return { variants, unconditional, admittedBy };
}

/** Subtracts the prohibitions from a permission on one class of records. */
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
 * Returns the sets of classes that a reader must not be in to escape every prohibition. Each set has one class of each
 * prohibition. Empty if a prohibition applies to every reader.
 */
function exclusionsOf(prohibits: readonly Rule[]): readonly (readonly string[])[] {
  return prohibits.reduce<readonly (readonly string[])[]>(
    (exclusions, { classes }) =>
      exclusions.flatMap((names) => classes.map((name) => [...new Set([...names, name])].toSorted())),
    [[]],
  );
}

function toVariant(permit: Rule, without: readonly string[], left: ReadonlySet<Action>): Variant {
  const classes = permit.classes.toSorted();
  return {
    relation: permit.relation,
    classes,
    without,
    actions: left,
    text: `${permit.relation}${keySuffix(classes, without, left)}`,
  };
}

/** Returns the facts of one record for each class of records that the permission and the prohibitions distinguish. */
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

/** Returns one value of each block of values that the rules do not distinguish. */
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

/** Returns the dimensions that the rules have conditions on, sorted. */
export function usedDimensions(rules: readonly Pick<Rule, 'when'>[]): readonly string[] {
  return [...new Set(rules.flatMap((rule) => [...rule.when.keys()]))].toSorted();
}

function distinct(variants: readonly Variant[]): readonly Variant[] {
  return [...new Map(variants.map((variant) => [variant.text, variant])).values()];
}

/**
 * Returns a fault for each rule that cannot be compiled into access keys. Store filter and guard would decide such a
 * rule differently.
 */
export function findUncompilable(source: PolicySource): readonly string[] {
  return source.rules.flatMap((rule) => {
    const embargo = rule.when.get('embargo');
    const faults: string[] = [];
    if (rule.effect === 'prohibit' && rule.relation !== 'anyone')
      faults.push(
        'a prohibition on a relation cannot be compiled into access keys: use `being: anyone` and classes of reader',
      );
    if (rule.effect === 'permit' && embargo?.has('over') === false)
      faults.push('a permission with `embargo: running` must also have `embargo: over`');
    if (rule.effect === 'prohibit' && embargo?.has('running') === false)
      faults.push('a prohibition with `embargo: over` must also have `embargo: running`');
    return faults.map((fault) => `${rule.id}: ${fault}`);
  });
}
