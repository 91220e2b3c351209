import type { Space } from '../table/cells.ts';
import { both, type Mask, maskOf, placesIn } from '../table/masks.ts';
import { readerBlocks } from '../table/reader-blocks.ts';
import { dimensionsOf, recordBlocks } from '../table/record-blocks.ts';
import type { Policy } from '../decide/policy.ts';
import type { Action } from '../language/domain.ts';
import type { PolicySource, Rule } from '../language/rules.ts';

/** Faults to correct, and remarks. */
export type Findings = { readonly findings: readonly string[]; readonly notes: readonly string[] };

/**
 * Finds rules without effect: rules that no reader or no record can match, rules that other rules make redundant, and
 * rules with a condition that is always true.
 */
export function findIdleRules(source: PolicySource, spaces: readonly Space[]): Findings {
  const deciding = decidingRules(spaces);
  const found = source.rules.map((rule) => ({ rule, ...findIdle(rule, source, deciding) }));
  return {
    findings: found.flatMap(({ rule, findings }) => findings.map((text) => `${rule.id}: ${text}`)),
    notes: found.flatMap(({ rule, notes }) => notes.map((text) => `${rule.id}: ${text}`)),
  };
}

function findIdle(rule: Rule, source: PolicySource, deciding: ReadonlySet<string>): Findings {
  const always = [...rule.when]
    .filter(([name, values]) => source.dimensions.get(name)?.every((value) => values.has(value)) === true)
    .map(([name]) => `the condition on ${name} is always true`);
  if (!canMatchReader(rule, source)) return { findings: [...always, 'no reader can match it'], notes: [] };
  if (!canMatchRecord(rule, source)) return { findings: [...always, 'no record can match it'], notes: [] };
  if (rule.announced.size > 0)
    return {
      findings: always,
      notes: [`announced: the graph has no coordinate to ${[...rule.announced].join(', ')} yet`],
    };
  if (deciding.has(rule.id)) return { findings: always, notes: [] };
  if (rule.effect === 'permit')
    return {
      findings: [...always, 'it has no effect: other rules permit or prohibit the same access'],
      notes: [],
    };
  return isGuard(rule, source)
    ? {
        findings: always,
        notes: ['it prohibits access that no rule permits: it guards against future rules'],
      }
    : { findings: [...always, 'it has no effect: other rules prohibit the same access'], notes: [] };
}

/**
 * Returns the ids of the rules that decide at least one cell: the only permission of an allowed cell, or the only
 * prohibition of a cell that is allowed without it.
 */
function decidingRules(spaces: readonly Space[]): ReadonlySet<string> {
  const deciding = new Set<string>();
  for (const { sides, columns, rows } of spaces) {
    const terms = sides[0]?.terms ?? [];
    const permits = maskOf(terms.length, (at) => terms[at]?.effect === 'permit');
    const prohibits = maskOf(terms.length, (at) => terms[at]?.effect === 'prohibit');
    for (const mask of distinct(columns.map(({ masks }) => masks[0] ?? [])))
      for (const row of rows) {
        const matching = both(mask, row.masks[0] ?? []);
        const one = decidingPlace(both(matching, permits), both(matching, prohibits));
        const id = one === null ? undefined : terms[one]?.id;
        if (id !== undefined) deciding.add(id);
      }
  }
  return deciding;
}

function decidingPlace(permits: Mask, prohibits: Mask): number | null {
  if (permits.every((word) => word === 0)) return null;
  if (prohibits.every((word) => word === 0)) return onlyPlace(permits);
  return onlyPlace(prohibits);
}

/** Returns the place of the only bit in a mask, or null if there is more than one. */
function onlyPlace(mask: Mask): number | null {
  const isOne =
    mask.filter((word) => word !== 0).length === 1 && mask.every((word) => (word & (word - 1)) === 0);
  return isOne ? (placesIn(mask)[0] ?? null) : null;
}

function distinct(masks: readonly Mask[]): readonly Mask[] {
  return [...new Map(masks.map((mask) => [mask.join(), mask])).values()];
}

function canMatchReader(rule: Rule, { classes, domain }: PolicySource): boolean {
  const literals = rule.classes.flatMap((name) => {
    const one = classes.get(name);
    return one === undefined ? [] : [{ name, one }];
  });
  return readerBlocks(literals, Object.keys(domain.roles)).some(({ is }) => is.size === literals.length);
}

function canMatchRecord({ when }: Rule, { dimensions }: PolicySource): boolean {
  const used = dimensionsOf([when], dimensions);
  return recordBlocks(used, '').some(({ at }) =>
    used.every(({ name, blocks }, place) => when.get(name)?.has(blocks[at[place] ?? 0]?.[0] ?? '') !== false),
  );
}

/** Returns true if no permission covers any access of a prohibition, and no other prohibition covers all of it. */
function isGuard(rule: Rule, { rules }: PolicySource): boolean {
  return !rules.some(
    (other) => other !== rule && (other.effect === 'permit' ? meets(other, rule) : covers(other, rule)),
  );
}

/** Returns true if two rules have an access and a class of records in common. */
function meets(one: Rule, other: Rule): boolean {
  return (
    !one.kinds.isDisjointFrom(other.kinds) &&
    !one.groups.isDisjointFrom(other.groups) &&
    !one.actions.isDisjointFrom(other.actions) &&
    [...other.when].every(([name, values]) => one.when.get(name)?.isDisjointFrom(values) !== true)
  );
}

/** Returns true if `one` matches whenever `other` does. */
function covers(one: Rule, other: Rule): boolean {
  return (
    one.classes.every((name) => other.classes.includes(name)) &&
    other.kinds.isSubsetOf(one.kinds) &&
    other.groups.isSubsetOf(one.groups) &&
    other.actions.isSubsetOf(one.actions) &&
    [...one.when].every(([name, values]) => other.when.get(name)?.isSubsetOf(values) === true)
  );
}

/** A `mark` mutation is a coordinate to mark up; it decides these actions as well. */
const decidedByMark: readonly Action[] = ['mark-down', 'release'];

/**
 * Finds permissions of actions that no coordinate of the graph has: the table would show access that nobody can use.
 * Finds announced rules whose actions the graph has by now.
 */
export function findActionsWithoutCoordinate({ source, coordinates }: Policy): readonly string[] {
  const present = new Set<Action>(decidedByMark);
  for (const type of coordinates.types)
    for (const { action } of coordinates.fieldsOf(type).values()) present.add(action);
  return source.rules.flatMap(({ id, effect, actions, announced }) => [
    ...(effect === 'prohibit' ? [] : [...actions])
      .filter((action) => !present.has(action))
      .map((action) => `${id}: no coordinate of the graph is there to ${action}: mark the rule as announced`),
    ...(announced.size > 0 && [...announced].every((action) => present.has(action))
      ? [`${id}: the graph has coordinates to ${[...announced].join(', ')}: remove \`announced\``]
      : []),
  ]);
}

/** Finds words of domain.yaml that no rule uses. An auditor could think that they have an effect. */
export function findIdleWords(source: PolicySource): Findings {
  const { domain, rules, classes } = source;
  const permits = rules.filter(({ effect }) => effect === 'permit');
  const isNamed = (name: string) => rules.some((rule) => rule.classes.includes(name));
  const asked = new Set(rules.flatMap(({ when }) => [...when.keys()]));
  const held = new Set([...classes.values()].flatMap(({ roles }) => [...(roles ?? [])]));
  const idle = Object.keys(domain.roles).filter((role) => !held.has(role));
  const groupsOfKinds = new Set(Object.values(domain.kinds).flatMap(({ groups }) => groups));
  return {
    findings: [
      ...[...classes.keys()]
        .filter((name) => !isNamed(name))
        .map((name) => `readers.${name}: no rule uses it`),
      ...Object.keys(domain.facts)
        .filter((fact) => !asked.has(`fact:${fact}`))
        .map((fact) => `facts.${fact}: no rule uses it`),
      ...Object.keys(domain.groups)
        .filter((group) => !groupsOfKinds.has(group))
        .map((group) => `groups.${group}: no kind of record has this group`),
      ...Object.keys(domain.kinds)
        .filter((kind) => !permits.some(({ kinds }) => kinds.has(kind)))
        .map((kind) => `kinds.${kind}: no rule permits any access to it`),
    ],
    notes: [
      ...Object.entries(domain.kinds).flatMap(([kind, { groups }]) =>
        groups
          .filter((group) => !permits.some((rule) => rule.kinds.has(kind) && rule.groups.has(group)))
          .map((group) => `kinds.${kind}.${group}: no rule permits any access to it`),
      ),
      ...(idle.length === 0
        ? []
        : [`roles without a class, which only marking and audience give access: ${idle.join(', ')}`]),
    ],
  };
}
