import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import type { Content } from '../record/content.ts';
import { contractOf, namedIn } from '../record/contract.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { isCaseKey } from '../store/links.ts';
import type { Prepared } from './prepare.ts';
import { placeOf } from './sources/source.ts';

type Known = {
  readonly envelope: Envelope;
  readonly content?: { readonly case?: string | null };
};

/** Keeps the joint case that was set by hand, and its join row. */
export function keepCase(prepared: Prepared, before: Known | null): Prepared {
  if (before?.envelope.caseByHand !== true) return prepared;
  const { mapped } = prepared;
  const key = before.content?.case ?? null;
  const others = mapped.names.filter((name) => !isCaseKey(name));
  const names = key === null ? others : [...others, key];
  return { ...prepared, mapped: { ...mapped, names, content: { ...mapped.content, case: key } } };
}

/** Gives a record the readings of the records that it belongs to, where those were marked by hand. */
export function followParents(prepared: Prepared, parents: ReadonlyMap<string, Known>): Prepared {
  const { belongsTo = {} } = prepared.mapped;
  const marked = Object.values(belongsTo).flatMap((parent) => {
    const { envelope } = parents.get(placeOf(parent)) ?? {};
    return envelope !== undefined && isMarkedByHand(envelope) ? [envelope] : [];
  });
  return { ...prepared, parents: marked };
}

/** Returns whether a record, or one that it belongs to, was marked by hand: it may be stricter than its source. */
export function isMarkedByHand({ readingByHand, raisedByHand }: Envelope): boolean {
  return readingByHand === true || raisedByHand === true;
}

/**
 * Returns the keys that only guarded fields name, or portions which were marked by hand. The feed names these keys again, and
 * a list under them would disclose the field. Mappings already omit the keys of portions that the feed itself marks.
 */
export function unlistedIn(
  { envelope, content }: StoredRecord,
  schema: Pick<SchemaVersions, 'type' | 'guarded'>,
): ReadonlySet<string> {
  const { custodian } = envelope;
  const portions = isMarkedByHand(envelope) ? envelope.portions : [];
  if (portions.length === 0 && schema.guarded.length === 0) return new Set();
  const community = communities.find((one) => one === custodian);
  if (community === undefined) throw new Error(`expected a community as custodian, got ${custodian}`);
  return namedIn(contractOf(community), schema, content as Content, portions).unlisted;
}
