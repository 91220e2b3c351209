import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import type { KeyPolicy } from '../store/key-assigner.ts';
import { toDocument } from '../store/write.ts';

type Rewrite = { readonly envelope: Envelope; readonly content?: Content; readonly contentHash?: string };

/**
 * Returns a stored record with another envelope or content, and with the access keys and derived values that follow from
 * them. Null for a document that this program cannot read. The change gets the record in the current version.
 */
export function rewrite(
  kind: string,
  stored: StoredRecord,
  change: (before: StoredRecord) => Rewrite,
  keyPolicy: KeyPolicy,
  schema: SchemaVersions,
): StoredRecord | null {
  const before = schema.read(stored);
  if (before === null) return null;
  const { envelope, content, contentHash = before.contentHash } = change(before);
  const { _id, feed, sortAt } = before;
  const whole = { _id, feed, envelope, content: content ?? (before.content as Content), sortAt, contentHash };
  return toDocument(kind, whole, keyPolicy, schema, content === undefined ? before : undefined);
}
