import type { StoredRecord } from '../../schema/record/envelope.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Content } from '../../subgraphs/serve/record/content.ts';
import type { Kind } from '../../subgraphs/serve/kind.ts';
import { SchemaVersions } from '../../subgraphs/serve/record/schema-versions.ts';
import { derivation, deriveFilters } from '../../subgraphs/serve/store/derive.ts';

/** Adds the values that lists filter by to a record that a test inserts itself. */
export function withFilters(
  kinds: readonly Kind[],
  type: string,
  record: StoredRecord,
  policy: Policy,
): StoredRecord {
  const kind = kinds.find((one) => one.type === type);
  if (kind === undefined) throw new Error(`expected a kind of the community, got ${type}`);
  const whole = { envelope: record.envelope, content: record.content as Content };
  const filters = deriveFilters(type, whole, policy, new SchemaVersions(kind));
  return { ...record, ...filters, derived: derivation };
}
