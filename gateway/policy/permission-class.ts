import { createHash } from 'node:crypto';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { rowActions } from '../../schema/policy/language/domain.ts';
import type { Reader } from '../../schema/protocol/reader.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';

/** For each policy, the kinds of reader of which it is known whether a rule can name the person. */
const known = new WeakMap<Policy, ByteCache<boolean>>();
const knownBytes = 1_000_000;

/**
 * Returns the permission class of a reader: two readers of one class get the same decision on every record, so they get
 * the same answer to the same operation. It is a hash of all facts about the reader except the subject, and of the subject
 * too if a rule can name the person. Ended shares, grants and agreements do not count.
 */
export function permissionClassOf(policy: Policy, reader: Reader, now: Date): string {
  const { subject, onwardShares, grants, agreements, ...others } = reader;
  const isValid = ({ until }: { readonly until: string }) => Date.parse(until) > now.getTime();
  const held = [onwardShares, grants, agreements].map((list) => list.filter(isValid));
  const person = canBeNamed(policy, reader, now) ? subject : null;
  const facts = JSON.stringify([policy.version, person, held, Object.entries(others).toSorted(byName)]);
  return createHash('sha256').update(facts).digest('base64url');
}

/** Returns whether a rule can give this kind of reader a record because it names the person. */
function canBeNamed(policy: Policy, reader: Reader, now: Date): boolean {
  const kindOfReader = policy.accessOf(reader, now).kind;
  const ofPolicy = known.get(policy) ?? new ByteCache<boolean>(knownBytes);
  known.set(policy, ofPolicy);
  const found = ofPolicy.get(kindOfReader);
  if (found !== undefined) return found;
  const { kinds } = policy.source.domain;
  const names = Object.entries(kinds).some(([kind, { groups }]) =>
    groups.some((group) =>
      rowActions.some((action) =>
        policy
          .usableOf(kindOfReader, reader, kind, group, action)
          .some(({ relation }) => relation === 'named person'),
      ),
    ),
  );
  ofPolicy.set(kindOfReader, names, 1);
  return names;
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
