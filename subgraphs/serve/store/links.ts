import type { StoredRecord } from '../../../schema/record/envelope.ts';

/**
 * A join row: it says that a record names a shared entity, whose shared key is `key`. It has the record's access keys, so
 * that it admits the same readers as the record.
 */
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

/** Returns the join rows of a stored record: one for each key that it names. */
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

/** Returns whether the key of a join row is that of a joint case. */
export function isCaseKey(key: string): boolean {
  return key.startsWith('JointCase:');
}
