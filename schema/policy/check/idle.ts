import type { Space } from '../table/cells.ts';
import { both, type Mask, maskOf, placesIn } from '../table/masks.ts';
import { readerBlocks } from '../table/reader-blocks.ts';
import { dimensionsOf, recordBlocks } from '../table/record-blocks.ts';
import type { PolicySource, Rule } from '../language/rules.ts';

/** What must be mended, and what is only worth knowing. */
export type Findings = { readonly findings: readonly string[]; readonly notes: readonly string[] };

/** Rules that decide nothing: that no reader or no record meets, that others make needless, that ask for nothing. */
export function findIdleRules(source: PolicySource, spaces: readonly Space[]): Findings {
  const deciding = decidingRules(spaces);
  const found = source.rules.map((rule) => ({ rule, ...findIdle(rule, source, deciding) }));
  return {
    findings: found.flatMap(({ rule, findings }) => findings.map((words) => `${rule.id}: ${words}`)),
    notes: found.flatMap(({ rule, notes }) => notes.map((words) => `${rule.id}: ${words}`)),
  };
}

function findIdle(rule: Rule, source: PolicySource, deciding: ReadonlySet<string>): Findings {
  const always = [...rule.when]
    .filter(([name, values]) => source.dimensions.get(name)?.every((value) => values.has(value)) === true)
    .map(([name]) => `the condition on ${name} is always true`);
  if (!isMetByReaders(rule, source)) return { findings: [...always, 'no reader can meet it'], notes: [] };
  if (!isMetByRecords(rule, source)) return { findings: [...always, 'no record can meet it'], notes: [] };
  if (deciding.has(rule.id)) return { findings: always, notes: [] };
  if (rule.effect === 'permit')
    return { findings: [...always, 'it allows nothing that others do not allow or prohibit'], notes: [] };
  return isGuard(rule, source)
    ? { findings: always, notes: ['it prohibits what no rule permits: a guard against rules to come'] }
    : { findings: [...always, 'it takes nothing away that others do not take away'], notes: [] };
}

/**
 * Rules that some cell depends on: the only permission of a cell that is allowed, or the only prohibition of one that
 * would be allowed without it.
 */
function decidingRules(spaces: readonly Space[]): ReadonlySet<string> {
  const deciding = new Set<string>();
  for (const { sides, columns, rows } of spaces) {
    const terms = sides[0]?.terms ?? [];
    const permits = maskOf(terms.length, (at) => terms[at]?.effect === 'permit');
    const prohibits = maskOf(terms.length, (at) => terms[at]?.effect === 'prohibit');
    for (const mask of distinct(columns.map(({ masks }) => masks[0] ?? [])))
      for (const row of rows) {
        const speaking = both(mask, row.masks[0] ?? []);
        const one = decidingPlace(both(speaking, permits), both(speaking, prohibits));
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

/** The one place in a mask; null where there are more. */
function onlyPlace(mask: Mask): number | null {
  const isOne =
    mask.filter((word) => word !== 0).length === 1 && mask.every((word) => (word & (word - 1)) === 0);
  return isOne ? (placesIn(mask)[0] ?? null) : null;
}

function distinct(masks: readonly Mask[]): readonly Mask[] {
  return [...new Map(masks.map((mask) => [mask.join(), mask])).values()];
}

function isMetByReaders(rule: Rule, { classes, domain }: PolicySource): boolean {
  const literals = rule.classes.flatMap((name) => {
    const one = classes.get(name);
    return one === undefined ? [] : [{ name, one }];
  });
  return readerBlocks(literals, Object.keys(domain.roles)).some(({ is }) => is.size === literals.length);
}

function isMetByRecords({ when }: Rule, { dimensions }: PolicySource): boolean {
  const used = dimensionsOf([when], dimensions);
  return recordBlocks(used, '').some(({ at }) =>
    used.every(({ name, blocks }, place) => when.get(name)?.has(blocks[at[place] ?? 0]?.[0] ?? '') !== false),
  );
}

/** Whether no permission speaks of what a prohibition is about. */
function isGuard(rule: Rule, { rules }: PolicySource): boolean {
  return !rules.some(
    (other) =>
      other.effect === 'permit' &&
      !other.kinds.isDisjointFrom(rule.kinds) &&
      !other.groups.isDisjointFrom(rule.groups) &&
      !other.actions.isDisjointFrom(rule.actions),
  );
}

/** Words of the domain that no rule uses: an auditor would take them for something that matters. */
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
        .map((name) => `readers.${name}: no rule names it`),
      ...Object.keys(domain.facts)
        .filter((fact) => !asked.has(`fact:${fact}`))
        .map((fact) => `facts.${fact}: no rule asks for it`),
      ...Object.keys(domain.groups)
        .filter((group) => !groupsOfKinds.has(group))
        .map((group) => `groups.${group}: no kind of record has it`),
      ...Object.keys(domain.kinds)
        .filter((kind) => !permits.some(({ kinds }) => kinds.has(kind)))
        .map((kind) => `kinds.${kind}: no rule permits anything of it`),
    ],
    notes: [
      ...Object.entries(domain.kinds).flatMap(([kind, { groups }]) =>
        groups
          .filter((group) => !permits.some((rule) => rule.kinds.has(kind) && rule.groups.has(group)))
          .map((group) => `kinds.${kind}.${group}: no rule permits anything of it`),
      ),
      ...(idle.length === 0
        ? []
        : [`roles without a class, which are readers by marking and audience alone: ${idle.join(', ')}`]),
    ],
  };
}
