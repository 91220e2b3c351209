import type { Reader } from '../../protocol/reader.ts';
import { handlingCodes, type Purpose } from '../../record/vocabulary.ts';
import { readPath } from './coordinates.ts';
import { type Action, recordDimensions, type RecordFacts, type Relation, unset } from './domain.ts';
import { factName } from '../decide/facts.ts';
import type { CoordinatesFile, DomainFile, RuleText } from './language.ts';

/** A rule with its names resolved. Each condition is the set of values that match it. */
export type Rule = {
  readonly id: string;
  readonly effect: 'permit' | 'prohibit';
  readonly owner: string;
  readonly classes: readonly string[];
  readonly relation: Relation;
  /** Empty for an announced rule. */
  readonly actions: ReadonlySet<Action>;
  /** The actions of a rule that decides nothing yet, because the graph has no coordinate for them. Usually empty. */
  readonly announced: ReadonlySet<Action>;
  readonly kinds: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  /** Conditions on the record by dimension. Every value of an absent dimension matches. */
  readonly when: ReadonlyMap<string, ReadonlySet<string>>;
  readonly because: string;
  readonly source: string;
};

/** A class of reader: conditions that must all match. Null means no condition. */
export type ReaderClass = {
  readonly name: string;
  readonly is: string;
  readonly roles: ReadonlySet<string> | null;
  readonly organisations: ReadonlySet<string> | null;
  readonly client: 'person' | 'machine' | null;
  readonly strong: boolean | null;
  readonly purposes: ReadonlySet<Purpose> | null;
};

/** A policy with its names resolved and checked, before it is compiled. */
export type PolicySource = {
  readonly version: number;
  readonly domain: DomainFile;
  readonly coordinates: CoordinatesFile['types'];
  readonly rules: readonly Rule[];
  readonly classes: ReadonlyMap<string, ReaderClass>;
  /** All dimensions of a record with their values: the standard dimensions and the declared facts. */
  readonly dimensions: ReadonlyMap<string, readonly string[]>;
};

/** The files of a policy, parsed and validated against their shapes. */
export type PolicyFiles = {
  readonly domain: DomainFile;
  readonly coordinates: CoordinatesFile;
  readonly rules: readonly { readonly owner: string; readonly rules: readonly RuleText[] }[];
};

/** Thrown for an invalid policy. The message lists every fault on its own line. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the policy is invalid:\n  ${faults.join('\n  ')}`);
    this.faults = faults;
  }
}

/**
 * Resolves the names in the rules. Throws PolicyError for unknown and duplicate names, and for a community's rule on
 * records of another community.
 */
export function resolvePolicy({ domain, coordinates, rules: files }: PolicyFiles): PolicySource {
  const unknown = findUnknownMembers(domain);
  if (unknown.length > 0) throw new PolicyError(unknown);
  const faults: string[] = [];
  const classes = new Map(
    Object.entries(domain.readers).map(([name, text]) => [name, toClass(name, text, domain, faults)]),
  );
  const dimensions = new Map<string, readonly string[]>(Object.entries(recordDimensions));
  for (const [fact, values] of Object.entries(domain.facts))
    dimensions.set(factName(fact), [...values, unset]);
  const rules = files.flatMap(({ owner, rules: texts }) =>
    texts.map((text) => toRule(text, owner, domain, classes, dimensions, faults)),
  );
  faults.push(
    ...findDuplicateIds(rules),
    ...findUnknownGroups(coordinates, domain),
    ...findDuplicateFields(coordinates),
    ...findForeignRules(rules, domain),
  );
  if (faults.length > 0) throw new PolicyError(faults);
  return { version: domain.version, domain, coordinates: coordinates.types, rules, classes, dimensions };
}

function toClass(
  name: string,
  text: DomainFile['readers'][string],
  domain: DomainFile,
  faults: string[],
): ReaderClass {
  const unknown = (text.roles ?? []).filter((role) => !Object.hasOwn(domain.roles, role));
  faults.push(
    ...unknown.map((role) => `readers.${name}: unknown role ${role}, expected one of "roles" in domain.yaml`),
  );
  return {
    name,
    is: text.is,
    roles: setOf(text.roles),
    organisations: setOf(text.organisations),
    client: text.client ?? null,
    strong: text.strong ?? null,
    purposes: setOf(text.purposes),
  };
}

function toRule(
  text: RuleText,
  owner: string,
  domain: DomainFile,
  classes: ReadonlyMap<string, ReaderClass>,
  dimensions: ReadonlyMap<string, readonly string[]>,
  faults: string[],
): Rule {
  const report = (fault: string) => faults.push(`${text.id}: ${fault}`);
  for (const name of text.who)
    if (name !== 'anyone' && !classes.has(name))
      report(`unknown class of reader ${name}, expected "anyone" or one of "readers" in domain.yaml`);
  const kinds = text.kinds.flatMap((name) => kindsOf(name, domain) ?? (report(`unknown kind ${name}`), []));
  const groups = text.groups.includes('all') ? Object.keys(domain.groups) : text.groups;
  for (const group of groups)
    if (!Object.hasOwn(domain.groups, group)) report(`unknown group of fields ${group}`);
  return {
    id: text.id,
    effect: text.effect,
    owner,
    classes: text.who.filter((name) => name !== 'anyone'),
    relation: text.being,
    actions: new Set(text.announced === true ? [] : text.may),
    announced: new Set(text.announced === true ? text.may : []),
    kinds: new Set(kinds),
    groups: new Set(groups),
    when: toConditions(text.when ?? {}, dimensions, report),
    because: text.because,
    source: text.source,
  };
}

function kindsOf(name: string, domain: DomainFile): readonly string[] | null {
  if (name === 'all') return Object.keys(domain.kinds);
  if (Object.hasOwn(domain.kinds, name)) return [name];
  return (Object.hasOwn(domain.collections, name) ? domain.collections[name] : undefined) ?? null;
}

function toConditions(
  when: NonNullable<RuleText['when']>,
  dimensions: ReadonlyMap<string, readonly string[]>,
  report: (fault: string) => void,
): ReadonlyMap<string, ReadonlySet<string>> {
  const { codes, facts = {}, ...plain } = when;
  const conditions = new Map<string, ReadonlySet<string>>();
  for (const [name, values] of Object.entries(plain))
    if (values !== undefined) conditions.set(name, new Set(values));
  if (codes !== undefined) conditions.set('codes', codeSets(codes));
  for (const [name, values] of Object.entries(facts)) {
    const known = dimensions.get(factName(name));
    if (known === undefined) report(`unknown fact ${name}`);
    for (const value of values)
      if (known?.includes(value) === false)
        report(`the fact ${name} has no value ${value}, expected one of ${known.join(', ')}`);
    conditions.set(factName(name), new Set(values));
  }
  return conditions;
}

function codeSets(codes: NonNullable<NonNullable<RuleText['when']>['codes']>): ReadonlySet<string> {
  const sets = recordDimensions.codes.map((text) => ({
    text,
    members: handlingCodes.filter((code) => text.split(',').includes(code)),
  }));
  const taken = sets.filter(({ members }) =>
    'within' in codes
      ? members.every((code) => codes.within.includes(code))
      : members.some((code) => codes.any.includes(code)),
  );
  return new Set(taken.map(({ text }) => text));
}

function findDuplicateIds(rules: readonly Rule[]): readonly string[] {
  return rules.flatMap((rule, at) =>
    rules.findIndex((other) => other.id === rule.id) === at ? [] : [`${rule.id}: another rule has this id`],
  );
}

/** Without this check, no rule on the collection, prohibitions included, would apply to a misspelt kind. */
function findUnknownMembers({ collections, kinds }: DomainFile): readonly string[] {
  return Object.entries(collections).flatMap(([name, members]) =>
    members
      .filter((kind) => !Object.hasOwn(kinds, kind))
      .map((kind) => `collections.${name}: unknown kind ${kind}`),
  );
}

/** Only the joint baseline may rule on records of every community and on the hub. */
function findForeignRules(rules: readonly Rule[], domain: DomainFile): readonly string[] {
  return rules
    .filter(({ owner }) => owner !== 'joint')
    .flatMap(({ id, owner, kinds }) =>
      [...kinds]
        .filter((kind) => domain.kinds[kind]?.community !== owner)
        .map((kind) => `${id}: ${owner} may not rule on ${kind}`),
    );
}

function findUnknownGroups({ types }: CoordinatesFile, domain: DomainFile): readonly string[] {
  return Object.entries(types).flatMap(([type, { fields }]) =>
    Object.keys(fields).flatMap((path) => {
      const { kind, group } = readPath(path);
      const known =
        Object.hasOwn(domain.groups, group) && (kind === null || Object.hasOwn(domain.kinds, kind));
      return known ? [] : [`coordinates.${type}: unknown kind or group ${path}`];
    }),
  );
}

/** Without this check, the last of two groups of a field would silently apply. */
function findDuplicateFields({ types }: CoordinatesFile): readonly string[] {
  return Object.entries(types).flatMap(([type, { fields }]) => {
    const names = Object.values(fields).flatMap((list) => list.map((text) => text.split('(')[0]));
    const duplicates = names.filter((name, at) => names.indexOf(name) !== at);
    return duplicates.map((name) => `coordinates.${type}: ${name} is named twice`);
  });
}

/** Tells whether a reader is in a class. */
export function isOfClass(
  reader: Pick<Reader, 'roles' | 'organisation' | 'client' | 'onScreen' | 'purpose'>,
  one: ReaderClass,
): boolean {
  return (
    (one.roles === null || reader.roles.some((role) => one.roles?.has(role))) &&
    (one.organisations === null || one.organisations.has(reader.organisation)) &&
    (one.client === null || one.client === reader.client) &&
    (one.strong === null || one.strong === reader.onScreen) &&
    (one.purposes === null || (reader.purpose !== null && one.purposes.has(reader.purpose)))
  );
}

/** Tells whether a record matches all conditions of a rule on records, except the kind. */
export function meetsConditions(facts: RecordFacts, rule: Pick<Rule, 'when'>): boolean {
  for (const [dimension, values] of rule.when) if (!values.has(facts[dimension] ?? unset)) return false;
  return true;
}

function setOf<Value>(values: readonly Value[] | undefined): ReadonlySet<Value> | null {
  return values === undefined ? null : new Set(values);
}
