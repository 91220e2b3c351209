import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import type { Action } from '../language/domain.ts';
import { ReaderAccess, type AdmittedKeys, Policy, type RowDecision } from './policy.ts';

/**
 * Two versions of a policy while a store is relabelled from one to the other. Rows are found by the keys of the older
 * one, which every row bears, and both must allow whatever is decided: door, field, row, portion. So nobody sees more
 * than both allow, and nobody is shut out of what both allow. What one of the two does not know, nobody may.
 */
export class BothPolicies extends Policy {
  readonly older: Policy;
  readonly newer: Policy;
  readonly #before = new Map<string, readonly (readonly [name: string, group: string | null])[]>();

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

  /** The keys of both, side by side: they never meet. */
  override admittedKeys(envelope: Envelope, kind: string): AdmittedKeys {
    const [older, newer] = [this.older.admittedKeys(envelope, kind), this.newer.admittedKeys(envelope, kind)];
    return { admits: [...older.admits, ...newer.admits], early: [...older.early, ...newer.early] };
  }

  override decideRow(envelope: unknown, kind: string, readerAccess: ReaderAccess): RowDecision | null {
    const both = bothOf(readerAccess);
    const older = this.older.decideRow(envelope, kind, both.older);
    const newer = this.newer.decideRow(envelope, kind, both.newer);
    if (older === null || newer === null) return null;
    return {
      hidden: new Set([...older.hidden, ...newer.hidden, ...this.#closedBefore(kind, older)]),
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

  /** Readers of one kind are alike under both. */
  override classesOf(reader: Reader): readonly string[] {
    return [
      ...this.older.classesOf(reader).map((name) => `older ${name}`),
      ...this.newer.classesOf(reader).map((name) => `newer ${name}`),
    ];
  }

  /**
   * Fields of a row and of its envelope that the older version keeps from the reader, by name: it may have put them
   * into other groups than the newer one, by which they are guarded.
   */
  #closedBefore(kind: string, { groups }: RowDecision): readonly string[] {
    const known = this.#before.get(kind) ?? this.#groupsBefore(kind);
    this.#before.set(kind, known);
    return known.flatMap(([name, group]) => (group !== null && groups.has(group) ? [] : [name]));
  }

  /** The fields that not everybody who reads the record could read under the older version, each with its group. */
  #groupsBefore(kind: string): readonly (readonly [name: string, group: string | null])[] {
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

/** One reader under both versions. What it holds are keys of the older: they are what a store's rows are found by. */
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
}

function bothOf(readerAccess: ReaderAccess): BothAccesses {
  if (readerAccess instanceof BothAccesses) return readerAccess;
  throw new Error('expected a reader under both policies');
}
