import type { StoredRecord } from '../../../schema/record/envelope.ts';

/** A join row: that a record names a shared key. It carries the record's labels, so that it is decided alike. */
export type Link = {
  readonly _id: string;
  readonly kind: string;
  readonly key: string;
  readonly record: string;
  readonly sortAt: Date;
  readonly openFrom: Date;
  readonly admits: readonly string[];
  readonly admitsEarly: readonly string[];
  readonly policy: string;
};

/** The join rows of a stored record: one for each key that it names, with its labels. */
export function toLinks(record: StoredRecord, kind: string, keys: readonly string[]): readonly Link[] {
  return [...new Set(keys)].map((key) => ({
    _id: `${record._id}>${key}`,
    kind,
    key,
    record: record._id,
    sortAt: record.sortAt,
    openFrom: record.openFrom,
    admits: record.admits,
    admitsEarly: record.admitsEarly,
    policy: record.policy,
  }));
}

/** Returns whether a join row's key is that of a joint case. A case that was set by hand is never changed by an import. */
export function isCaseKey(key: string): boolean {
  return key.startsWith('JointCase:');
}
