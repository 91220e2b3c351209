import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import {
  type Access,
  explain,
  type Explanation,
  type PermitCheck,
} from '../../../schema/policy/explain/explain.ts';
import { formatProhibition, formatShortfall } from '../../../schema/policy/explain/format-explanation.ts';
import type { Shortfall } from '../../../schema/policy/explain/shortfalls.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import { Refused } from './refused.ts';

/** The reader who makes a change, under a policy. */
type By = { readonly policy: Policy; readonly readerAccess: ReaderAccess };

/**
 * Returns the first access that the reader does not have: to the record, or to a group of fields in the content. A null
 * counts if it removes a value of `old`. Returns null if the reader has all.
 */
export function findRefused(
  { policy, readerAccess }: By,
  action: Action,
  kind: string,
  envelope: Envelope,
  content: Content,
  old: Content = {},
): { readonly access: Access; readonly path: readonly string[] } | null {
  const fields = Object.entries(content)
    .filter(([name, value]) => (value ?? old[name] ?? null) !== null)
    .map(([name]) => ({ group: policy.coordinates.placeOf(kind, name)?.group ?? '', path: [name] }));
  const refused = [{ group: 'content', path: [] }, ...fields].find(
    ({ group }) => !policy.may(readerAccess, action, kind, group, envelope),
  );
  if (refused === undefined) return null;
  const { group, path } = refused;
  return { access: { action, kind, group }, path: ['content', ...path] };
}

/**
 * Returns the error of a record that the reader may not create, with the unmet conditions of the rule that is closest to
 * permitting it. The reader gave every value of the record, so all conditions may be named.
 */
export function mayNotCreate(by: By, access: Access, envelope: Envelope, path: readonly string[]): Refused {
  const explanation = explain(by.policy, by.readerAccess, access, envelope);
  const reason = prohibitionIn(explanation) ?? conditionsOf(explanation.ways[0]);
  return new Refused('NOT_ALLOWED', path, `you may not create this record here: ${reason}`);
}

/**
 * Returns the error of fields that the reader may not change in a record, with the unmet conditions on the reader. Those
 * on the record are not named, and do not decide which rule is named: they may be about an audience or a fact that the
 * reader may not see.
 */
export function mayNotChange(by: By, access: Access, envelope: Envelope, path: readonly string[]): Refused {
  const { ways } = explain(by.policy, by.readerAccess, access, envelope);
  const [closest] = ways
    .map(({ rule, missing }) => ({ rule, missing: missing.filter(isOnReader) }))
    .toSorted(
      (one, other) => one.missing.length - other.missing.length || (one.rule.id < other.rule.id ? -1 : 1),
    );
  return new Refused('NOT_ALLOWED', path, `you may not change this field: ${conditionsOf(closest)}`);
}

function isOnReader({ on }: Shortfall): boolean {
  return on !== 'record' && on !== 'relation';
}

function prohibitionIn({ prohibits: [rule] }: Explanation): string | null {
  return rule === undefined ? null : `rule ${rule.id} prohibits it ${formatProhibition(rule)}`;
}

function conditionsOf(way: Pick<PermitCheck, 'rule' | 'missing'> | undefined): string {
  if (way === undefined) return 'no rule permits it to any reader';
  if (way.missing.length === 0) return `the conditions of rule ${way.rule.id} are not met`;
  return `rule ${way.rule.id} ${way.missing.map(formatShortfall).join('; ')}`;
}
