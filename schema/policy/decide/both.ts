import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import type { Action } from '../language/domain.ts';
import { ReaderAccess, type AdmittedKeys, Policy, type RowDecision } from './policy.ts';

/**
 * The intersection of two policy versions, in force while a store is relabelled from one to the other. Root fields,
 * fields, rows and portions are allowed only if both versions allow them. Anything that one version does not know is
 * refused. Rows are found by the access keys of the older version, because every row has them.
 */
export class BothPolicies extends Policy {
  readonly older: Policy;
  readonly newer: Policy;
  readonly #oldGroups = new Map<string, readonly (readonly [name: string, group: string | null])[]>();

  constructor(older: Policy, newer: Policy) {
    super(newer.source);
    this.older = older;
    this.newer = newer;
  }

  override get keysDecide(): boolean {
    return false;
  }

  override accessOf(reader: Reader, now: Date): ReaderAccess {
    return new BothAccesses(this, reader, now);
  }

  /** Returns the access keys of both versions. Keys of two versions are never equal. */
  override admittedKeys(envelope: Envelope, kind: string): AdmittedKeys {
    const [older, newer] = [this.older.admittedKeys(envelope, kind), this.newer.admittedKeys(envelope, kind)];
    return { admits: [...older.admits, ...newer.admits], early: [...older.early, ...newer.early] };
  }

  override subscribeKeys(envelope: Envelope, kind: string, now: Date): readonly string[] {
    const [older, newer] = [this.older, this.newer].map((one) => one.subscribeKeys(envelope, kind, now));
    return [...(older ?? []), ...(newer ?? [])];
  }

  override decideRow(envelope: unknown, kind: string, readerAccess: ReaderAccess): RowDecision | null {
    const both = bothOf(readerAccess);
    const older = this.older.decideRow(envelope, kind, both.older);
    const newer = this.newer.decideRow(envelope, kind, both.newer);
    if (older === null || newer === null) return null;
    return {
      hidden: new Set([...older.hidden, ...newer.hidden, ...this.#hiddenByOlder(kind, older)]),
      groups: newer.groups,
    };
  }

  override may(
    readerAccess: ReaderAccess,
    action: Action,
    kind: string,
    group: string,
    envelope: Envelope,
  ): boolean {
    const both = bothOf(readerAccess);
    return (
      this.older.may(both.older, action, kind, group, envelope) &&
      this.newer.may(both.newer, action, kind, group, envelope)
    );
  }

  override mayUse(reader: Reader, type: string, field: string): boolean {
    return this.older.mayUse(reader, type, field) && this.newer.mayUse(reader, type, field);
  }

  override mayEver(reader: Reader, kind: string | null, group: string, action?: Action): boolean {
    return this.older.mayEver(reader, kind, group, action) && this.newer.mayEver(reader, kind, group, action);
  }

  /** Readers of one kind are in the same classes under both versions. */
  override classesOf(reader: Reader): readonly string[] {
    return [
      ...this.older.classesOf(reader).map((name) => `older ${name}`),
      ...this.newer.classesOf(reader).map((name) => `newer ${name}`),
    ];
  }

  /**
   * Returns the names of the fields of a row and its envelope that the older version hides from the reader. The guard
   * uses the groups of the newer version, but the older version may assign a field to another group.
   */
  #hiddenByOlder(kind: string, { groups }: RowDecision): readonly string[] {
    const known = this.#oldGroups.get(kind) ?? this.#groupsInOlder(kind);
    this.#oldGroups.set(kind, known);
    return known.flatMap(([name, group]) => (group !== null && groups.has(group) ? [] : [name]));
  }

  /** Returns the fields that are not in the older version's group `content`, with their group there (null: none). */
  #groupsInOlder(kind: string): readonly (readonly [name: string, group: string | null])[] {
    const types = this.newer.coordinates.types.filter(
      (type) => type === kind || this.newer.coordinates.natureOf(type) === 'envelope',
    );
    return types.flatMap((type) =>
      [...this.newer.coordinates.fieldsOf(type).keys()].flatMap((field) => {
        const group = this.older.coordinates.placeOf(type, field)?.group ?? null;
        return group === 'content' ? [] : [[type === kind ? field : `${type}.${field}`, group] as const];
      }),
    );
  }
}

/**
 * The access of one reader under both versions. Its access keys are those of the older version, which find the rows.
 */
class BothAccesses extends ReaderAccess {
  readonly older: ReaderAccess;
  readonly newer: ReaderAccess;

  constructor(policy: BothPolicies, reader: Reader, now: Date) {
    super(policy, reader, now);
    this.older = policy.older.accessOf(reader, now);
    this.newer = policy.newer.accessOf(reader, now);
  }

  override keys(kind: string, action?: Action, group?: string): ReadonlySet<string> {
    return this.older.keys(kind, action, group);
  }

  override searchTerms(kind: string, field: string, maxPaired?: number): readonly string[] {
    return this.older.searchTerms(kind, field, maxPaired);
  }
}

function bothOf(readerAccess: ReaderAccess): BothAccesses {
  if (readerAccess instanceof BothAccesses) return readerAccess;
  throw new Error('expected the ReaderAccess of BothPolicies.accessOf, got one of a single policy');
}
