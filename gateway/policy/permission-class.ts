import { createHash } from 'node:crypto';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { type Policy, type ReaderAccess } from '../../schema/policy/decide/policy.ts';
import { readerSide } from '../../schema/policy/decide/relations.ts';
import { allActions, type Relation } from '../../schema/policy/language/domain.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import { canonicalBytes, canonicalSet } from '../audit/canonical.ts';

/**
 * Returns the permission class of a reader under a policy at a time: two readers of one class get the same decision on
 * every record, field and action. Answers may be shared within a class, so a class that is too wide discloses records to
 * the wrong reader, and one that is too narrow costs time only. When in doubt, a fact is part of it.
 *
 * It is a hash of the policy version and of every fact of the reader, except the subject: organisation, communities,
 * Member State, roles, sharing groups, client, purpose, picture, screen, and the shares, grants, agreements and offices
 * that are in force, with their ends. A field that is added to `Reader` later is in the hash without a change here. The subject
 * is in it only if one of the reader's access keys could name the subject (`named:`), for any kind, group or action.
 */
export function permissionClassOf(reader: Reader, policy: Policy, now: Date): string {
  const access = policy.accessOf(reader, now);
  const { subject, ...facts } = reader;
  const inForce = <Held extends { readonly until: string }>(held: readonly Held[]) =>
    held.filter(({ until }) => Date.parse(until) > now.getTime());
  const decisive = {
    ...facts,
    onwardShares: inForce(reader.onwardShares),
    grants: inForce(reader.grants),
    agreements: inForce(reader.agreements),
    offices: inForce(reader.offices),
    policy: policy.version,
    subject: namesSubject(access, policy) ? subject : null,
  };
  return createHash('sha256')
    .update(canonicalBytes(unordered(decisive)))
    .digest('base64url');
}

/** The registry returns lists in any order, which decides nothing. */
function unordered(value: unknown): unknown {
  if (Array.isArray(value)) return canonicalSet(value.map(unordered));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unordered(one)]));
}

/** Whether an access key of the reader could depend on the subject. Asks the relations themselves. */
function namesSubject({ kind, reader, now }: ReaderAccess, policy: Policy): boolean {
  const other = { ...reader, subject: `${reader.subject} ` };
  return relationsOf(kind, reader, policy).some((relation) => {
    const [own, others] = [reader, other].map((one) => readerSide(relation, one, now).join('\n'));
    return own !== others;
  });
}

const relations = new WeakMap<Policy, ByteCache<readonly Relation[]>>();

/** Returns the relations of all variants that a kind of reader may use. Cached by kind: 1 MB for each policy. */
function relationsOf(kindOfReader: string, reader: Reader, policy: Policy): readonly Relation[] {
  const cache = relations.get(policy) ?? new ByteCache<readonly Relation[]>(1_000_000);
  relations.set(policy, cache);
  const known = cache.get(kindOfReader);
  if (known !== undefined) return known;
  const found = new Set<Relation>();
  for (const [kind, { groups }] of Object.entries(policy.source.domain.kinds))
    for (const group of groups)
      for (const action of allActions)
        for (const { relation } of policy.usableOf(kindOfReader, reader, kind, group, action))
          found.add(relation);
  const list = [...found];
  cache.set(kindOfReader, list, list.length * 40);
  return list;
}
