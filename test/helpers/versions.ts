import { parseDocument } from 'yaml';
import { policyOfTexts } from '../../schema/policy/decide/load.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Versions } from '../../subgraphs/serve/store/policy-versions.ts';
import { textsOf } from './bundles.ts';

/** Returns the repository's policy with another version and without some of its rules. */
export function versionWithout(version: number, ...ids: readonly string[]): Policy {
  return policyOfTexts(textsOf(version, (rules) => withoutRules(rules, ids)));
}

/** Removes rules by their ids. */
export function withoutRules(rules: string, ids: readonly string[]): string {
  const baseline = parseDocument(rules);
  const all = baseline.toJS().rules as readonly { readonly id: string }[];
  baseline.set(
    'rules',
    all.filter(({ id }) => !ids.includes(id)),
  );
  return baseline.toString();
}

/** Returns policy versions as a store remembers them. */
export function versionsOf(...policies: readonly Policy[]): Versions {
  return {
    of: async (version) => {
      const found = policies.find(({ source }) => source.version === version);
      if (found === undefined) throw new Error(`version ${version} was never taken`);
      return await Promise.resolve(found);
    },
  };
}

/** Returns the repository's policy with another version, in which these rules do not permit search. */
export function withoutSearch(version: number, ...ids: readonly string[]): Policy {
  return policyOfTexts(
    textsOf(version, (rules) => {
      const baseline = parseDocument(rules);
      const all = baseline.toJS().rules as readonly {
        readonly id: string;
        readonly may: readonly string[];
      }[];
      baseline.set(
        'rules',
        all.map((rule) =>
          ids.includes(rule.id) ? { ...rule, may: rule.may.filter((action) => action !== 'search') } : rule,
        ),
      );
      return baseline.toString();
    }),
  );
}

/** Returns the repository's policy with another version, in which a field moves from the content to another group or to none. */
export function versionMoving(version: number, type: string, field: string, group: string | null): Policy {
  const files = textsOf(version);
  const coordinates = parseDocument(files['coordinates.yaml'] ?? '');
  const path = ['types', type, 'fields'];
  const fields = (coordinates.toJS() as Fields).types[type]?.fields ?? {};
  const content = fields['content'] ?? [];
  coordinates.setIn(
    [...path, 'content'],
    content.filter((one) => one !== field),
  );
  if (group !== null) coordinates.setIn([...path, group], [...(fields[group] ?? []), field]);
  return policyOfTexts({ ...files, 'coordinates.yaml': coordinates.toString() });
}

type Fields = {
  readonly types: Readonly<Record<string, { readonly fields: Readonly<Record<string, readonly string[]>> }>>;
};
