import { isEnvelope } from '../../record/check-envelope.ts';
import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import { type Compiled, compileRules, findUncompilable, type Variant } from './compile.ts';
import { type Action, actions, type RecordFacts, rowActions } from '../language/domain.ts';
import { factsOf, factsOfWhole, signatureOf } from './facts.ts';
import { type Coordinates, indexCoordinates } from '../language/coordinates.ts';
import { type Marked, readerSide, recordSide, recordSideOf } from './relations.ts';
import { isOfClass, PolicyError, type PolicySource, type Rule } from '../language/rules.ts';

/** What the policy says of one readable record for one reader. */
export type RowDecision = {
  /** Paths of portions, and fields by name, that this reader may not see: null without an error. */
  readonly hidden: ReadonlySet<string>;
  /** Groups of fields, besides `content`, that this reader may read of this record. */
  readonly groups: ReadonlySet<string>;
};

/** The labels of a record: the keys that it admits once its embargo is over, and before. */
export type AdmittedKeys = { readonly admits: readonly string[]; readonly early: readonly string[] };

/** The rules on an action and a group of fields, compiled, and for each variant the values that the reader holds. */
type Gate = { readonly compiled: Compiled; readonly held: ReadonlyMap<string, ReadonlySet<string>> };

/** What reading a kind of record needs: the gate to the record first, then one for each of its other groups. */
type Gates = {
  readonly all: readonly Gate[];
  readonly groups: readonly string[];
  /** The ways through each, by the class of record. */
  readonly known: Map<number, readonly Ways[]>;
};

/** A way through is a variant that record and reader share, open to records that have one of the reader's values. */
type Ways = readonly {
  readonly side: (record: Marked) => readonly string[];
  readonly values: ReadonlySet<string>;
}[];

const nothing: ReadonlySet<string> = new Set();

/** The group of fields that decides whether a record is there at all. */
const base = 'content';

/** Kinds of reader are few; more than this are a fault of the registry, and nothing grows by it. */
const maxKinds = 500;

/**
 * The policy in force, compiled once from its lines. A decision is the meeting of two sets: the keys that a record
 * admits, and the keys that a reader holds at this second. The same variants make the labels that a store's filter
 * meets, and the guard that decides each record again from its envelope.
 */
export class Policy {
  readonly source: PolicySource;
  readonly coordinates: Coordinates;
  readonly #compiled = new Map<string, Compiled>();
  readonly #uses = new Map<string, Map<string, boolean>>();
  readonly #facts: Readonly<Record<string, readonly string[]>>;

  /** Throws PolicyError where a rule cannot be compiled. */
  constructor(source: PolicySource) {
    const faults = findUncompilable(source);
    if (faults.length > 0) throw new PolicyError(faults);
    this.source = source;
    this.coordinates = indexCoordinates(source.coordinates);
    this.#facts = source.domain.facts;
  }

  /** What is written into assertions, labels and audit entries. */
  get version(): string {
    return nameOfVersion(this.source.version);
  }

  /** Whether a row that is found by its labels is one that the guard gives, so that rows may be counted by labels. */
  get keysDecide(): boolean {
    return true;
  }

  /** The rules on a group of fields of a kind of record, compiled. */
  compiled(kind: string, group: string): Compiled {
    const name = `${kind}.${group}`;
    const known = this.#compiled.get(name) ?? compileRules(this.source, kind, group);
    this.#compiled.set(name, known);
    return known;
  }

  /** A reader at this second, with the keys that it holds worked out once for each kind. */
  accessOf(reader: Reader, now: Date): ReaderAccess {
    return new ReaderAccess(this, reader, now);
  }

  /** The labels to store with a record. Both are empty where its envelope is not whole: nobody's. */
  admittedKeys(envelope: Envelope, kind: string): AdmittedKeys {
    return {
      admits: this.#keysOf(envelope, kind, base, 'over', rowActions),
      early: this.#keysOf(envelope, kind, base, 'running', rowActions),
    };
  }

  /** Decides one record from its envelope alone, whatever labels are stored with it. Null: as if it did not exist. */
  decideRow(envelope: unknown, kind: string, readerAccess: ReaderAccess): RowDecision | null {
    if (!isEnvelope(envelope)) return null;
    const gates = readerAccess.gates(kind);
    const [whole, ...others] = this.#waysThrough(gates, envelope, kind, readerAccess);
    if (whole === undefined || !passes(whole, envelope, readerAccess)) return null;
    const hidden = envelope.portions.filter(({ marking, audience }) => {
      const marked = { ...envelope, marking, audience };
      const [own] = this.#waysThrough(gates, marked, kind, readerAccess);
      return own === undefined || !passes(own, marked, readerAccess);
    });
    const groups = others.flatMap((ways, at) =>
      passes(ways, envelope, readerAccess) ? [gates.groups[at] ?? ''] : [],
    );
    return {
      hidden: hidden.length === 0 ? nothing : new Set(hidden.map(({ path }) => path)),
      groups: groups.length === 0 ? nothing : new Set(groups),
    };
  }

  /** Whether a reader may do this to this record. */
  may(readerAccess: ReaderAccess, action: Action, kind: string, group: string, envelope: Envelope): boolean {
    if (!isEnvelope(envelope)) return false;
    const gate = readerAccess.gate(kind, action, group);
    const facts = factsOfWhole(envelope, kind, embargoAt(readerAccess.now, envelope), this.#facts);
    return facts !== null && passes(waysThrough(gate, facts), envelope, readerAccess);
  }

  /** For each gate, the ways through it that a record of this class admits; none where its facts are not known. */
  #waysThrough(gates: Gates, envelope: Envelope, kind: string, { now }: ReaderAccess): readonly Ways[] {
    const embargo = embargoAt(now, envelope);
    const signature = signatureOf(envelope, embargo);
    const known = signature === null ? undefined : gates.known.get(signature);
    if (known !== undefined) return known;
    const facts = factsOfWhole(envelope, kind, embargo, this.#facts);
    const ways = facts === null ? [] : gates.all.map((gate) => waysThrough(gate, facts));
    if (signature !== null) gates.known.set(signature, ways);
    return ways;
  }

  /** Whether this kind of reader may ever use a coordinate, whatever the data. False where no rule names it. */
  mayUse(reader: Reader, type: string, field: string): boolean {
    const place = this.coordinates.placeOf(type, field);
    return place !== undefined && this.mayEver(reader, place.kind, place.group, place.action);
  }

  /** Whether a reader of these classes may ever do this to a kind of record (to any kind, where it is null). */
  mayEver(reader: Reader, kind: string | null, group: string, action: Action = 'read'): boolean {
    const kinds = kind === null ? Object.keys(this.source.domain.kinds) : [kind];
    return kinds.some((one) => this.usable(reader, one, group, action).length > 0);
  }

  /** The variants that a reader of these classes could use for an action, whatever its relation to a record. */
  usable(reader: Reader, kind: string, group: string, action: Action): readonly Variant[] {
    const { variants, whatever } = this.compiled(kind, group);
    if (whatever.some((rule) => rule.actions.has(action) && this.#isOfAll(reader, rule.classes))) return [];
    return variants.filter(
      (variant) =>
        variant.actions.has(action) &&
        this.#isOfAll(reader, variant.classes) &&
        !variant.without.some((name) => this.#isOfAll(reader, [name])),
    );
  }

  /** What a kind of reader may use, as far as it was asked: kept for all readers of that kind. */
  usesOf(kind: string): Map<string, boolean> {
    const known = this.#uses.get(kind);
    if (known !== undefined) return known;
    if (this.#uses.size >= maxKinds) this.#uses.clear();
    const uses = new Map<string, boolean>();
    this.#uses.set(kind, uses);
    return uses;
  }

  /** The classes that a reader is of, by name: readers of the same classes are of one kind. */
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
    const front = `${this.source.version}|${envelope.exercise ?? 'real'}`;
    const keys = variants
      .filter((variant) => of.some((action) => variant.actions.has(action)))
      .flatMap((variant) =>
        recordSide(variant.relation, envelope).map((value) => keyOf(front, value, variant)),
      );
    return [...new Set(keys)];
  }
}

/** How a version is named in assertions, labels and audit entries. */
export function nameOfVersion(version: number): string {
  return `joint-baseline-${version}`;
}

/** The version that such a name is of; null where it is none. */
export function numberOfVersion(name: string): number | null {
  const [, digits] = /^joint-baseline-(\d{1,9})$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** A reader at one second, and the keys that it holds: for each kind of record, group of fields and action. */
export class ReaderAccess {
  readonly reader: Reader;
  readonly now: Date;
  readonly #policy: Policy;
  readonly #held = new Map<string, ReadonlySet<string>>();
  readonly #gates = new Map<string, Gates>();
  #kind: string | null = null;

  constructor(policy: Policy, reader: Reader, now: Date) {
    this.#policy = policy;
    this.reader = reader;
    this.now = now;
  }

  /** The reader's kind under this policy: what its decisions rest on before any record is looked at. */
  get kind(): string {
    this.#kind ??= `${this.#policy.version}: ${this.#policy.classesOf(this.reader).join(' ')}`;
    return this.#kind;
  }

  /** Whether this kind of reader may ever use a coordinate, whatever the data. */
  mayUse(type: string, field: string): boolean {
    const name = `${type}.${field}`;
    const uses = this.#policy.usesOf(this.kind);
    const known = uses.get(name) ?? this.#policy.mayUse(this.reader, type, field);
    uses.set(name, known);
    return known;
  }

  /** What reading a kind of record needs, worked out once. */
  gates(kind: string): Gates {
    const known = this.#gates.get(kind);
    if (known !== undefined) return known;
    const groups = (this.#policy.source.domain.kinds[kind]?.groups ?? []).filter((group) => group !== base);
    const all = [base, ...groups].map((group) => this.gate(kind, 'read', group));
    const gates = { all, groups, known: new Map<number, readonly Ways[]>() };
    this.#gates.set(kind, gates);
    return gates;
  }

  /** What an action on a group of fields of a kind of record needs. */
  gate(kind: string, action: Action, group: string): Gate {
    const held = this.#policy
      .usable(this.reader, kind, group, action)
      .map(({ text, relation }) => [text, new Set(readerSide(relation, this.reader, this.now))] as const);
    return { compiled: this.#policy.compiled(kind, group), held: new Map(held) };
  }

  /** The keys held for an action on a group of fields of a kind of record. */
  keys(kind: string, action: Action = 'read', group: string = base): ReadonlySet<string> {
    const name = `${kind}.${group} ${actions[action]}`;
    const known = this.#held.get(name) ?? this.#keys(kind, action, group);
    this.#held.set(name, known);
    return known;
  }

  #keys(kind: string, action: Action, group: string): ReadonlySet<string> {
    const front = `${this.#policy.source.version}|${this.reader.picture}`;
    const variants = this.#policy.usable(this.reader, kind, group, action);
    return new Set(
      variants.flatMap((variant) =>
        readerSide(variant.relation, this.reader, this.now).map((value) => keyOf(front, value, variant)),
      ),
    );
  }
}

/** The variants that both a record of these facts admits and a reader holds. */
function waysThrough({ compiled, held }: Gate, facts: RecordFacts): Ways {
  return compiled.admittedBy(facts).flatMap(({ text, relation }) => {
    const values = held.get(text);
    return values === undefined || values.size === 0 ? [] : [{ side: recordSideOf(relation), values }];
  });
}

/** Whether a value of both stands on any way, in one picture: what the meeting of two keys is, without writing them. */
function passes(ways: Ways, envelope: Envelope, { reader }: Pick<ReaderAccess, 'reader'>): boolean {
  if ((envelope.exercise ?? 'real') !== reader.picture) return false;
  for (const { side, values } of ways) for (const value of side(envelope)) if (values.has(value)) return true;
  return false;
}

function embargoAt(now: Date, { embargoUntil }: Envelope): 'over' | 'running' {
  return embargoUntil !== null && embargoUntil > now ? 'running' : 'over';
}

/**
 * A key: version of the policy, picture, value of the relation, then classes and actions as the variant tells them.
 * Keys of two versions never meet, so that new labels can be written beside the old.
 */
function keyOf(front: string, value: string, variant: Variant): string {
  return `${front}|${value}${variant.text.slice(variant.relation.length)}`;
}
