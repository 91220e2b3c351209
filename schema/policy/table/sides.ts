import type { Access, Side, Term } from './cells.ts';
import { indexCoordinates, type Place } from '../language/coordinates.ts';
import { allActions } from '../language/domain.ts';
import type { Literal } from './reader-blocks.ts';
import type { PolicySource, ReaderClass, Rule } from '../language/rules.ts';

/** Names a class of reader so that classes of two versions that mean different things have different names. */
export type NameOf = (one: ReaderClass) => string;

/** The rules of a policy on one access as a side of the table. A kind that has no such group has no rules. */
export function sideOf(source: PolicySource, access: Access, nameOf: NameOf = nameAlone): Side {
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
    when: rule.when,
    relations: [rule.relation],
    who: ({ is }) => names.every((name) => is.has(name)),
    being: ({ holds }) => holds.has(rule.relation),
  };
}

/** What a policy rules a access by: a field's own place, or the group itself. Null where its kind has no such group. */
export function placeOf(source: PolicySource, { kind, group, action }: Access): Access | null {
  const [type = '', field] = group.split('.');
  const place = field === undefined ? { kind, group, action } : fieldPlace(source, type, field);
  const ruled = { kind: place?.kind ?? kind, group: place?.group ?? '', action: place?.action ?? action };
  return source.domain.kinds[ruled.kind]?.groups.includes(ruled.group) === true ? ruled : null;
}

function fieldPlace({ coordinates }: PolicySource, type: string, field: string): Place | undefined {
  return indexCoordinates(
    Object.fromEntries(Object.entries(coordinates).filter(([name]) => name === type)),
  ).placeOf(type, field);
}

/**
 * Fields that both policies name and that are of another kind, group or action in one than in the other, as accesses: who
 * uses them changed though no rule did. A field that is new or gone is a change of the graph, not of the policy.
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

/** Every action on every group of fields of every kind that any of the policies has. */
export function accessesOf(...sources: readonly PolicySource[]): readonly Access[] {
  const kinds = [...new Set(sources.flatMap(({ domain }) => Object.keys(domain.kinds)))];
  return kinds.flatMap((kind) => {
    const groups = [...new Set(sources.flatMap(({ domain }) => domain.kinds[kind]?.groups ?? []))];
    return groups.flatMap((group) => allActions.map((action) => ({ kind, group, action })));
  });
}

/** What a side says, in one text: sides of one text have the same cells. */
export function textOf({ terms, literals, values }: Side): string {
  const classes = literals.map(({ name, one }) => `${name}:${definitionOf(one)}`).toSorted();
  const rules = terms.map((term) =>
    [
      term.id,
      term.effect,
      ...term.relations,
      ...literals.map(({ name }) => spoken(term, name)),
      ...conditionsOf(term),
    ].join('|'),
  );
  const known = [...values].map(([name, all]) => `${name}=${all.toSorted().join(' ')}`).toSorted();
  return [...rules.toSorted(), ...classes, ...known].join('\n');
}

/** Whether a term asks for a class: it does where one who is of every other class is not meant. */
function spoken(term: Term, name: string): string {
  const others = { has: (other: string) => other !== name } as ReadonlySet<string>;
  const traits = { roles: [], organisation: '', client: 'person', onScreen: false, purpose: null } as const;
  return term.who({ is: others, traits }) ? '' : name;
}

function conditionsOf({ when }: Term): readonly string[] {
  return [...when].map(([name, values]) => `${name}=${[...values].toSorted().join(' ')}`);
}

/** What a class says, whatever it is called and however it is described. */
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

function nameAlone({ name }: ReaderClass): string {
  return name;
}
