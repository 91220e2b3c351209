import type { Access, Side, Term } from './cells.ts';
import { indexCoordinates, type Place } from '../language/coordinates.ts';
import { allActions } from '../language/domain.ts';
import type { Literal } from './reader-blocks.ts';
import type { PolicySource, ReaderClass, Rule } from '../language/rules.ts';

/** Returns a name for a class that differs between policy versions if its definition differs. */
export type NameOf = (one: ReaderClass) => string;

/** Returns the rules of a policy for one access as a side of the table. Empty if the kind has no such group. */
export function sideOf(source: PolicySource, access: Access, nameOf: NameOf = nameOfClass): Side {
  const place = placeOf(source, access);
  const rules = source.rules.filter(
    ({ kinds, groups, actions }) =>
      place !== null && kinds.has(place.kind) && groups.has(place.group) && actions.has(place.action),
  );
  const classes = [...source.classes.values()].filter(({ name }) =>
    rules.some((rule) => rule.classes.includes(name)),
  );
  const literals = classes.map((one): Literal => ({ name: nameOf(one), one }));
  return {
    terms: rules.map((rule) => toTerm(rule, source, nameOf)),
    literals,
    roles: Object.keys(source.domain.roles),
    values: source.dimensions,
  };
}

function toTerm(rule: Rule, source: PolicySource, nameOf: NameOf): Term {
  const names = rule.classes.flatMap((name) => {
    const one = source.classes.get(name);
    return one === undefined ? [] : [nameOf(one)];
  });
  return {
    id: rule.id,
    effect: rule.effect,
    classes: names,
    when: rule.when,
    relations: [rule.relation],
    matchesReader: ({ is }) => names.every((name) => is.has(name)),
    matchesRelation: ({ holds }) => holds.has(rule.relation),
  };
}

/**
 * Returns the access whose rules decide: for a group `Type.field`, that of the field's place; otherwise the access
 * itself. Null if the kind has no such group.
 */
export function placeOf(source: PolicySource, { kind, group, action }: Access): Access | null {
  const [type = '', field] = group.split('.');
  const place = field === undefined ? { kind, group, action } : fieldPlace(source, type, field);
  const decided = { kind: place?.kind ?? kind, group: place?.group ?? '', action: place?.action ?? action };
  return source.domain.kinds[decided.kind]?.groups.includes(decided.group) === true ? decided : null;
}

function fieldPlace({ coordinates }: PolicySource, type: string, field: string): Place | undefined {
  return indexCoordinates(
    Object.fromEntries(Object.entries(coordinates).filter(([name]) => name === type)),
  ).placeOf(type, field);
}

/**
 * Returns the fields whose kind, group or action differs between the policies, as accesses: their readers change
 * although no rule does. New and removed fields are excluded: they are changes of the graph, not of the policy.
 */
export function movedFields(before: PolicySource, after: PolicySource): readonly Access[] {
  const [old, now] = [before, after].map(({ coordinates }) => indexCoordinates(coordinates));
  return (now?.types ?? []).flatMap((type) =>
    [...(now?.fieldsOf(type) ?? [])].flatMap(([field, place]): readonly Access[] => {
      const was = old?.placeOf(type, field);
      if (was === undefined || nameOfPlace(was) === nameOfPlace(place)) return [];
      const kinds = place.kind === null ? Object.keys(after.domain.kinds) : [place.kind];
      return kinds.map((kind) => ({ kind, group: `${type}.${field}`, action: place.action }));
    }),
  );
}

function nameOfPlace({ kind, group, action }: Place): string {
  return `${kind ?? ''}.${group}!${action}`;
}

/** Returns the accesses that any of the policies has: every action on every group of every kind. */
export function accessesOf(...sources: readonly PolicySource[]): readonly Access[] {
  const kinds = [...new Set(sources.flatMap(({ domain }) => Object.keys(domain.kinds)))];
  return kinds.flatMap((kind) => {
    const groups = [...new Set(sources.flatMap(({ domain }) => domain.kinds[kind]?.groups ?? []))];
    return groups.flatMap((group) => allActions.map((action) => ({ kind, group, action })));
  });
}

/** Returns a string that is equal for sides with the same cells. */
export function textOf({ terms, literals, values }: Side): string {
  const classes = literals.map(({ name, one }) => `${name}:${definitionOf(one)}`).toSorted();
  const rules = terms.map((term) =>
    [term.id, term.effect, ...term.relations, ...term.classes.toSorted(), ...conditionsOf(term)].join('|'),
  );
  const known = [...values].map(([name, all]) => `${name}=${all.toSorted().join(' ')}`).toSorted();
  return [...rules.toSorted(), ...classes, ...known].join('\n');
}

function conditionsOf({ when }: Term): readonly string[] {
  return [...when].map(([name, values]) => `${name}=${[...values].toSorted().join(' ')}`);
}

/** Returns the conditions of a class as a string, without its name and description. */
export function definitionOf(one: ReaderClass): string {
  return JSON.stringify([
    list(one.roles),
    list(one.organisations),
    one.client,
    one.strong,
    list(one.purposes),
  ]);
}

function list(values: ReadonlySet<string> | null): readonly string[] | null {
  return values && [...values].toSorted();
}

function nameOfClass({ name }: ReaderClass): string {
  return name;
}
