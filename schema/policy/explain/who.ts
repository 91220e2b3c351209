import type { Reader } from '../../protocol/reader.ts';
import type { Action } from '../language/domain.ts';
import { kindsOf, permitsOf, prohibitedAlways } from './ever.ts';
import { speaksOf } from './explain.ts';
import type { Policy } from '../decide/policy.ts';
import { placeNamed } from './question.ts';
import type { Rule } from '../language/rules.ts';
import { findReaderShortfalls, makeGood } from './shortfalls.ts';

/** Readers who can do something by one permission. */
export type Can = {
  readonly rule: Rule;
  /** The roles with which it can be met; every other reader lacks a class that it names. */
  readonly roles: readonly string[];
};

/** Who can do something to a coordinate, and who never can. */
export type Who = {
  readonly action: Action;
  readonly coordinate: string;
  readonly can: readonly Can[];
  /** Prohibitions that bind on some records, or some readers: they beat every permission. */
  readonly except: readonly Rule[];
  /** Roles that no permission can ever be met with, whatever the record. */
  readonly never: readonly string[];
  /** Whether a reader without any role can. */
  readonly withoutRole: boolean;
};

/**
 * Which readers can do this to a coordinate, by which permission and under which conditions, and which roles never
 * can. A role is looked at alone: who has two has what both have, less what either is prohibited. Throws
 * PolicyQuestionError, with near names, for an unknown coordinate.
 */
export function who(policy: Policy, action: Action, coordinate: string): Who {
  const { source } = policy;
  const { group, ...place } = placeNamed(policy, coordinate);
  const roles = Object.keys(source.domain.roles);
  const accesses = kindsOf(source, place).map((kind) => ({ action, kind, group }));
  const canBy = (rule: Rule, role: string | null) =>
    accesses.some((access) => speaksOf(rule, access) && canEver(policy, rule, role, access));
  const permits = new Set(accesses.flatMap(({ kind }) => permitsOf(source, action, kind, group)));
  const can = [...permits]
    .map((rule) => ({ rule, roles: roles.filter((role) => canBy(rule, role)) }))
    .filter(({ rule, roles: some }) => some.length > 0 || canBy(rule, null));
  return {
    action,
    coordinate,
    can,
    except: source.rules.filter(
      (rule) => rule.effect === 'prohibit' && accesses.some((access) => speaksOf(rule, access)),
    ),
    never: roles.filter((role) => !can.some((one) => one.roles.includes(role))),
    withoutRole: can.some(({ rule }) => canBy(rule, null)),
  };
}

/** Whether somebody with this one role, and with whatever else a permission asks of a reader, can ever use it. */
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
  const made = makeGood(reader, missing);
  return prohibitedAlways(source, rule, access, policy.classesOf(made)).length === 0;
}

/** A reader who is nothing yet. */
const nobody: Reader = {
  subject: '',
  organisation: '',
  communities: [],
  memberState: null,
  roles: [],
  sharingGroups: [],
  onwardShares: [],
  grants: [],
  agreements: [],
  client: 'person',
  purpose: null,
  picture: 'real',
  onScreen: false,
};
