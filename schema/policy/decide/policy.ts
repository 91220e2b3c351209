import { ByteCache } from '../../runtime/byte-cache.ts';
import { asPortion } from '../../record/as-portion.ts';
import { isEnvelope } from '../../record/check-envelope.ts';
import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import { type Compiled, compileRules, findUncompilable, type Variant } from './compile.ts';
import { type Action, actions, type RecordFacts, rowActions } from '../language/domain.ts';
import { factsOf, factsOfWhole, signatureOf } from './facts.ts';
import { type Coordinates, indexCoordinates } from '../language/coordinates.ts';
import { type Marked, readerSide, recordSide, recordSideOf } from './relations.ts';
import { keyPrefix, writeKey } from './access-keys.ts';
import { conjoin, keyOfGroup, noTerms, type SearchTerms, termsOf } from './search-terms.ts';
import { isOfClass, PolicyError, type PolicySource, type Rule } from '../language/rules.ts';

/** The decision on one record that the reader may read. */
export type RowDecision = {
  /** Paths of portions and names of fields that are hidden from this reader: null without an error. */
  readonly hidden: ReadonlySet<string>;
  /** Groups of fields, in addition to `content`, that this reader may read. */
  readonly groups: ReadonlySet<string>;
};

/** The access keys that a record admits: `admits` after its embargo, `early` while the embargo is running. */
export type AdmittedKeys = { readonly admits: readonly string[]; readonly early: readonly string[] };

/** The compiled rules for one access, and by variant that the reader may use, its values of the variant's relation. */
type AccessRules = { readonly compiled: Compiled; readonly held: ReadonlyMap<string, ReadonlySet<string>> };

/**
 * The rules for reading a kind of record: `all` has those of the group `content` first, then those of each of `groups`.
 */
type ReadRules = {
  readonly all: readonly AccessRules[];
  readonly groups: readonly string[];
  /** The conditions of each of `all`, cached by the signature of the record's facts. */
  readonly known: Map<number, readonly Conditions[]>;
};

/**
 * The relations of the variants that a class of records admits and the reader may use. A record matches if, for one of
 * them, it has one of the reader's values.
 */
type Conditions = readonly {
  readonly valuesOf: (record: Marked) => readonly string[];
  readonly values: ReadonlySet<string>;
}[];

const nothing: ReadonlySet<string> = new Set();

/** The group of fields that decides whether a record is visible at all. */
const base = 'content';

/** The maximum size of the cache by kind of reader, and the memory of one coordinate in it. About 100 kinds fit. */
const usesCache = { bytes: 32_000_000, coordinate: 120 };

/** The maximum size of the cache of usable variants, and the memory of one reference to a variant in it. */
const usableCache = { bytes: 8_000_000, variant: 8 };

/**
 * A compiled policy. A record is readable if it admits an access key that the reader holds at that time. Store filter
 * and guard use the same compiled variants: the filter compares stored keys, the guard decides again from the envelope.
 */
export class Policy {
  readonly source: PolicySource;
  readonly coordinates: Coordinates;
  readonly #compiled = new Map<string, Compiled>();
  readonly #uses = new ByteCache<Map<string, boolean>>(usesCache.bytes);
  readonly #usesBytes: number;
  readonly #usable = new ByteCache<readonly Variant[]>(usableCache.bytes);
  readonly #facts: Readonly<Record<string, readonly string[]>>;

  /** Throws PolicyError for a rule that cannot be compiled. */
  constructor(source: PolicySource) {
    const faults = findUncompilable(source);
    if (faults.length > 0) throw new PolicyError(faults);
    this.source = source;
    this.coordinates = indexCoordinates(source.coordinates);
    const fields = this.coordinates.types.map((type) => this.coordinates.fieldsOf(type).size);
    this.#usesBytes = usesCache.coordinate * fields.reduce((sum, size) => sum + size, 0);
    this.#facts = source.domain.facts;
  }

  /** The name of the version in assertions, stored records and audit entries. */
  get version(): string {
    return nameOfVersion(this.source.version);
  }

  /** Tells whether store filter and guard agree on every row. Only then may rows be counted by their access keys. */
  get keysDecide(): boolean {
    return true;
  }

  /** Returns the compiled rules on a group of fields of a kind of record. Results are cached. */
  compiled(kind: string, group: string): Compiled {
    const name = `${kind}.${group}`;
    const known = this.#compiled.get(name) ?? compileRules(this.source, kind, group);
    this.#compiled.set(name, known);
    return known;
  }

  /** Returns the access of a reader at `now`. Create one per request: it caches the reader's access keys. */
  accessOf(reader: Reader, now: Date): ReaderAccess {
    return new ReaderAccess(this, reader, now);
  }

  /** Returns the access keys to store with a record. Both sets are empty for an invalid envelope. */
  admittedKeys(envelope: Envelope, kind: string): AdmittedKeys {
    return {
      admits: this.#keysOf(envelope, kind, base, 'over', rowActions),
      early: this.#keysOf(envelope, kind, base, 'running', rowActions),
    };
  }

  /**
   * Returns the access keys by which subscribers are notified of a record's changes at `now`. They are not stored with the
   * record. Empty for an invalid envelope.
   */
  subscribeKeys(envelope: Envelope, kind: string, now: Date): readonly string[] {
    if (!isEnvelope(envelope)) return [];
    return this.#keysOf(envelope, kind, base, embargoAt(now, envelope), ['subscribe']);
  }

  /**
   * Returns the terms that find a record by a field of its content. `paths` are the portions that hide the field. Null if
   * the record's own access keys decide: no portion hides the field, and it is in the group `content`. With `always`, the
   * terms of those keys then.
   */
  searchTerms(
    envelope: Envelope,
    kind: string,
    field: string,
    paths: ReadonlySet<string>,
    always = false,
  ): SearchTerms | null {
    const group = this.coordinates.placeOf(kind, field)?.group;
    if (group === undefined || !isEnvelope(envelope)) return noTerms;
    const hiding = envelope.portions.filter(({ path }) => paths.has(path));
    if (group === base && hiding.length === 0 && !always) return null;
    const marked = hiding.map((portion) => asPortion(envelope, portion));
    const termsAt = (embargo: 'over' | 'running') => {
      const keys = (one: Envelope, of: string) => this.#keysOf(one, kind, of, embargo, ['search']);
      const ofGroup = group === base ? [] : [keys(envelope, group).map((key) => keyOfGroup(key, group))];
      return conjoin([keys(envelope, base), ...ofGroup, ...marked.map((one) => keys(one, base))]);
    };
    return { open: termsAt('over'), early: termsAt('running') };
  }

  /** Decides one record from its envelope, without its stored access keys. Null: treat the record as absent. */
  decideRow(envelope: unknown, kind: string, readerAccess: ReaderAccess): RowDecision | null {
    if (!isEnvelope(envelope)) return null;
    const rules = readerAccess.readRules(kind);
    const [content, ...others] = this.#conditionsFor(rules, envelope, kind, readerAccess);
    if (content === undefined || !matches(content, envelope, readerAccess)) return null;
    const hidden = envelope.portions.filter((portion) => {
      const marked = asPortion(envelope, portion);
      const [own] = this.#conditionsFor(rules, marked, kind, readerAccess);
      return own === undefined || !matches(own, marked, readerAccess);
    });
    const groups = others.flatMap((conditions, at) =>
      matches(conditions, envelope, readerAccess) ? [rules.groups[at] ?? ''] : [],
    );
    return {
      hidden: hidden.length === 0 ? nothing : new Set(hidden.map(({ path }) => path)),
      groups: groups.length === 0 ? nothing : new Set(groups),
    };
  }

  /** Tells whether a reader may perform an action on a group of fields of this record. */
  may(readerAccess: ReaderAccess, action: Action, kind: string, group: string, envelope: Envelope): boolean {
    if (!isEnvelope(envelope)) return false;
    const rules = readerAccess.accessRules(kind, action, group);
    const facts = factsOfWhole(envelope, kind, embargoAt(readerAccess.now, envelope), this.#facts);
    return facts !== null && matches(conditionsFor(rules, facts), envelope, readerAccess);
  }

  /**
   * Returns the conditions of each of the rules for a record with these facts. Empty if a fact has an unknown value.
   */
  #conditionsFor(
    rules: ReadRules,
    envelope: Envelope,
    kind: string,
    { now }: ReaderAccess,
  ): readonly Conditions[] {
    const embargo = embargoAt(now, envelope);
    const signature = signatureOf(envelope, embargo);
    const known = signature === null ? undefined : rules.known.get(signature);
    if (known !== undefined) return known;
    const facts = factsOfWhole(envelope, kind, embargo, this.#facts);
    const conditions = facts === null ? [] : rules.all.map((one) => conditionsFor(one, facts));
    if (signature !== null) rules.known.set(signature, conditions);
    return conditions;
  }

  /** Tells whether this kind of reader may use a coordinate for some record. False for an unknown coordinate. */
  mayUse(reader: Reader, type: string, field: string): boolean {
    const place = this.coordinates.placeOf(type, field);
    return place !== undefined && this.mayEver(reader, place.kind, place.group, place.action);
  }

  /** Tells whether this kind of reader may perform an action on some record of a kind. `kind` null: of any kind. */
  mayEver(reader: Reader, kind: string | null, group: string, action: Action = 'read'): boolean {
    const kinds = kind === null ? Object.keys(this.source.domain.kinds) : [kind];
    return kinds.some((one) => this.usable(reader, one, group, action).length > 0);
  }

  /** Returns the variants that match the reader's classes for an action. Relations to a record are not checked. */
  usable(reader: Reader, kind: string, group: string, action: Action): readonly Variant[] {
    const { variants, unconditional } = this.compiled(kind, group);
    if (unconditional.some((rule) => rule.actions.has(action) && this.#isOfAll(reader, rule.classes)))
      return [];
    return variants.filter(
      (variant) =>
        variant.actions.has(action) &&
        this.#isOfAll(reader, variant.classes) &&
        !variant.without.some((name) => this.#isOfAll(reader, [name])),
    );
  }

  /** Returns the same as `usable` for a reader of this kind (`ReaderAccess.kind`). Results are cached by kind. */
  usableOf(
    kindOfReader: string,
    reader: Reader,
    kind: string,
    group: string,
    action: Action,
  ): readonly Variant[] {
    const name = `${kindOfReader} ${kind}.${group} ${action}`;
    const known = this.#usable.get(name);
    if (known !== undefined) return known;
    const usable = this.usable(reader, kind, group, action);
    this.#usable.set(name, usable, usable.length * usableCache.variant);
    return usable;
  }

  /** Returns the cache of `mayUse` by coordinate, shared by all readers of a kind. */
  usesOf(kind: string): Map<string, boolean> {
    const known = this.#uses.get(kind);
    if (known !== undefined) return known;
    const uses = new Map<string, boolean>();
    this.#uses.set(kind, uses, this.#usesBytes);
    return uses;
  }

  /** Returns the names of a reader's classes. Readers of the same classes are one kind of reader. */
  classesOf(reader: Reader): readonly string[] {
    return [...this.source.classes.values()].filter((one) => isOfClass(reader, one)).map(({ name }) => name);
  }

  #isOfAll(reader: Reader, names: Rule['classes']): boolean {
    return names.every((name) => {
      const one = this.source.classes.get(name);
      return one !== undefined && isOfClass(reader, one);
    });
  }

  #keysOf(
    envelope: Envelope,
    kind: string,
    group: string,
    embargo: 'over' | 'running',
    of: readonly Action[],
  ): readonly string[] {
    const facts = factsOf(envelope, kind, embargo, this.#facts);
    if (facts === null) return [];
    const variants = this.compiled(kind, group).admittedBy(facts);
    const prefix = keyPrefix(this.source.version, envelope.exercise ?? 'real');
    const keys = variants
      .filter((variant) => of.some((action) => variant.actions.has(action)))
      .flatMap((variant) =>
        recordSide(variant.relation, envelope).map((value) => keyOf(prefix, value, variant)),
      );
    return [...new Set(keys)];
  }
}

/** Returns the name of a version in assertions, stored records and audit entries. */
export function nameOfVersion(version: number): string {
  return `joint-baseline-${version}`;
}

/** Returns the version number in a name of `nameOfVersion`, or null for any other string. */
export function numberOfVersion(name: string): number | null {
  const [, digits] = /^joint-baseline-([1-9]\d{0,8})$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** The access of one reader at one time: the access keys that it holds for each kind, group of fields and action. */
export class ReaderAccess {
  readonly reader: Reader;
  readonly now: Date;
  readonly #policy: Policy;
  readonly #held = new Map<string, ReadonlySet<string>>();
  readonly #readRules = new Map<string, ReadRules>();
  #kind: string | null = null;

  constructor(policy: Policy, reader: Reader, now: Date) {
    this.#policy = policy;
    this.reader = reader;
    this.now = now;
  }

  /** The kind of reader: policy version and classes. Decisions that do not depend on a record depend on this only. */
  get kind(): string {
    this.#kind ??= `${this.#policy.version}: ${this.#policy.classesOf(this.reader).join(' ')}`;
    return this.#kind;
  }

  /** Tells whether this kind of reader may use a coordinate for some record. Results are cached by kind. */
  mayUse(type: string, field: string): boolean {
    const name = `${type}.${field}`;
    const uses = this.#policy.usesOf(this.kind);
    const known = uses.get(name) ?? this.#policy.mayUse(this.reader, type, field);
    uses.set(name, known);
    return known;
  }

  /** Returns the rules for reading a kind of record. Results are cached. */
  readRules(kind: string): ReadRules {
    const known = this.#readRules.get(kind);
    if (known !== undefined) return known;
    const groups = (this.#policy.source.domain.kinds[kind]?.groups ?? []).filter((group) => group !== base);
    const all = [base, ...groups].map((group) => this.accessRules(kind, 'read', group));
    const rules = { all, groups, known: new Map<number, readonly Conditions[]>() };
    this.#readRules.set(kind, rules);
    return rules;
  }

  /** Returns the rules for an action on a group of fields of a kind of record. */
  accessRules(kind: string, action: Action, group: string): AccessRules {
    const held = this.#policy
      .usableOf(this.kind, this.reader, kind, group, action)
      .map(({ text, relation }) => [text, new Set(readerSide(relation, this.reader, this.now))] as const);
    return { compiled: this.#policy.compiled(kind, group), held: new Map(held) };
  }

  /** Returns the access keys that the reader holds for an action on a group of fields. Results are cached. */
  keys(kind: string, action: Action = 'read', group: string = base): ReadonlySet<string> {
    const name = `${kind}.${group} ${actions[action]}`;
    const known = this.#held.get(name) ?? this.#keys(kind, action, group);
    this.#held.set(name, known);
    return known;
  }

  /**
   * Returns the terms by which the reader finds records by a field that has its own marking. A reader with more than
   * `maxPaired` keys gets no pairs of them.
   */
  searchTerms(kind: string, field: string, maxPaired = Number.POSITIVE_INFINITY): readonly string[] {
    const group = this.#policy.coordinates.placeOf(kind, field)?.group;
    if (group === undefined) return [];
    const content = this.keys(kind, 'search');
    const ofGroup = group === base ? [] : [...this.keys(kind, 'search', group)];
    const all = new Set([...content, ...ofGroup.map((key) => keyOfGroup(key, group))]);
    return all.size > maxPaired ? [...all] : termsOf(all);
  }

  #keys(kind: string, action: Action, group: string): ReadonlySet<string> {
    const prefix = keyPrefix(this.#policy.source.version, this.reader.picture);
    const variants = this.#policy.usableOf(this.kind, this.reader, kind, group, action);
    return new Set(
      variants.flatMap((variant) =>
        readerSide(variant.relation, this.reader, this.now).map((value) => keyOf(prefix, value, variant)),
      ),
    );
  }
}

/** Returns the relations of the variants that a record with these facts admits and the reader may use. */
function conditionsFor({ compiled, held }: AccessRules, facts: RecordFacts): Conditions {
  return compiled.admittedBy(facts).flatMap(({ text, relation }) => {
    const values = held.get(text);
    return values === undefined || values.size === 0 ? [] : [{ valuesOf: recordSideOf(relation), values }];
  });
}

/**
 * Tells whether a record matches one of the conditions in the reader's picture. Decides as the comparison of access
 * keys would, without building the keys.
 */
function matches(
  conditions: Conditions,
  envelope: Envelope,
  { reader }: Pick<ReaderAccess, 'reader'>,
): boolean {
  if ((envelope.exercise ?? 'real') !== reader.picture) return false;
  for (const { valuesOf, values } of conditions)
    for (const value of valuesOf(envelope)) if (values.has(value)) return true;
  return false;
}

/** Returns whether the embargo of a record is over at a time. */
export function embargoAt(now: Date, { embargoUntil }: Envelope): 'over' | 'running' {
  return embargoUntil !== null && embargoUntil > now ? 'running' : 'over';
}

function keyOf(prefix: string, value: string, variant: Variant): string {
  return writeKey(prefix, value, variant.text.slice(variant.relation.length));
}
