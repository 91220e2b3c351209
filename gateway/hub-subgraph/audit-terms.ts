import { type Action, allActions } from '../../schema/policy/language/domain.ts';
import type { PermitCheck } from '../../schema/policy/explain/explain.ts';
import type { PolicySource, Rule } from '../../schema/policy/language/rules.ts';
import { formatShortfall } from '../../schema/policy/explain/format-explanation.ts';
import { formatCondition, formatRule } from '../../schema/policy/explain/format-rule.ts';

/** An action as the graph's enum writes it. */
export function toEnum(action: Action): string {
  return action.toUpperCase().replace('-', '_');
}

/** The action that a value of the graph's enum means. */
export function fromEnum(value: string): Action | undefined {
  return allActions.find((action) => toEnum(action) === value);
}

/** A rule as the graph gives it. */
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

/** A permission that could have allowed what was refused. */
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
