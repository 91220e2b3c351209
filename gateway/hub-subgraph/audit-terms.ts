import { type Action, allActions } from '../../schema/policy/language/domain.ts';
import type { PermitCheck } from '../../schema/policy/explain/explain.ts';
import type { PolicySource, Rule } from '../../schema/policy/language/rules.ts';
import { formatShortfall } from '../../schema/policy/explain/format-explanation.ts';
import { formatCondition, formatRule } from '../../schema/policy/explain/format-rule.ts';

/** Returns the value of the graph's enum for an action. */
export function toEnum(action: Action): string {
  return action.toUpperCase().replace('-', '_');
}

/** Returns the action for a value of the graph's enum. */
export function fromEnum(value: string): Action | undefined {
  return allActions.find((action) => toEnum(action) === value);
}

/** Returns a rule as the graph type `PolicyRule`. */
export function toPolicyRule(rule: Rule, source: PolicySource): object {
  return {
    ...toDecisiveRule(rule, source),
    owner: rule.owner,
    who: rule.classes,
    being: rule.relation,
    may: [...rule.actions].map(toEnum),
    kinds: [...rule.kinds],
    groups: [...rule.groups],
    when: [...rule.when].map(([of, values]) => {
      return { of, isOneOf: [...values], text: formatCondition(of, [...values]) };
    }),
  };
}

/** Returns a permission that could have allowed a refused coordinate, with the conditions that were not met. */
export function toDecisionWay({ rule, missing, prohibitedBy }: PermitCheck, source: PolicySource): object {
  return {
    rule: toDecisiveRule(rule, source),
    missing: missing.map((shortfall) => ({ ...shortfall, text: formatShortfall(shortfall) })),
    prohibitedBy: prohibitedBy.map((one) => toDecisiveRule(one, source)),
  };
}

function toDecisiveRule(rule: Rule, source: PolicySource): object {
  const { id, because } = rule;
  return {
    id,
    effect: rule.effect.toUpperCase(),
    because,
    source: rule.source,
    text: formatRule(rule, source),
  };
}
