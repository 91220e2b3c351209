import { nobody } from '../../protocol/reader.ts';
import type { Action } from '../language/domain.ts';
import { kindsOf, permitsOf, prohibitedAlways } from './explain-coordinate.ts';
import { covers } from './explain.ts';
import type { Policy } from '../decide/policy.ts';
import { findPlace } from './question.ts';
import type { Rule } from '../language/rules.ts';
import { findReaderShortfalls, meetShortfalls } from './shortfalls.ts';

/** A permission, and the readers that it gives access. */
export type Can = {
  readonly rule: Rule;
  /** The roles that can meet its conditions. */
  readonly roles: readonly string[];
};

/** The readers who can do an action on a coordinate, and the roles that never can. */
export type Who = {
  readonly action: Action;
  readonly coordinate: string;
  readonly can: readonly Can[];
  /** The prohibitions that cover the coordinate. They override every permission. */
  readonly except: readonly Rule[];
  /** The roles that no permission gives access, for any record. */
  readonly never: readonly string[];
  /** True if a reader without any role can. */
  readonly withoutRole: boolean;
};

/**
 * Returns which readers can do an action on a coordinate, and which roles never can. Each role is evaluated alone. A
 * reader with two roles gets the permissions of both and the prohibitions of both. Throws PolicyQuestionError if the
 * coordinate is unknown.
 */
export function who(policy: Policy, action: Action, coordinate: string): Who {
  const { source } = policy;
  const { group, ...place } = findPlace(policy, coordinate);
  const roles = Object.keys(source.domain.roles);
  const accesses = kindsOf(source, place).map((kind) => ({ action, kind, group }));
  const canBy = (rule: Rule, role: string | null) =>
    accesses.some((access) => covers(rule, access) && canEver(policy, rule, role, access));
  const permits = new Set(accesses.flatMap(({ kind }) => permitsOf(source, action, kind, group)));
  const can = [...permits]
    .map((rule) => ({ rule, roles: roles.filter((role) => canBy(rule, role)) }))
    .filter(({ rule, roles: some }) => some.length > 0 || canBy(rule, null));
  return {
    action,
    coordinate,
    can,
    except: source.rules.filter(
      (rule) => rule.effect === 'prohibit' && accesses.some((access) => covers(rule, access)),
    ),
    never: roles.filter((role) => !can.some((one) => one.roles.includes(role))),
    withoutRole: can.some(({ rule }) => canBy(rule, null)),
  };
}

/** Returns true if a reader with only this role, who meets all other conditions of the rule, can get access. */
function canEver(
  policy: Policy,
  rule: Rule,
  role: string | null,
  access: { readonly action: Action; readonly kind: string; readonly group: string },
): boolean {
  const { source } = policy;
  const reader = { ...nobody, roles: role === null ? [] : [role] };
  const missing = findReaderShortfalls(reader, rule, source);
  if (missing.some(({ on }) => on === 'role')) return false;
  const made = meetShortfalls(reader, missing);
  return prohibitedAlways(source, rule, access, policy.classesOf(made)).length === 0;
}
