import { parseDocument } from 'yaml';
import { policyOfTexts } from '../../schema/policy/decide/load.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Versions } from '../../subgraphs/serve/store/policy-versions.ts';
import { textsOf } from './bundles.ts';

/** The repository's policy as another version of itself, without some of its rules. */
export function versionWithout(version: number, ...ids: readonly string[]): Policy {
  return policyOfTexts(textsOf(version, (rules) => withoutRules(rules, ids)));
}

/** Rules without those of these ids. */
export function withoutRules(rules: string, ids: readonly string[]): string {
  const baseline = parseDocument(rules);
  const all = baseline.toJS().rules as readonly { readonly id: string }[];
  baseline.set(
    'rules',
    all.filter(({ id }) => !ids.includes(id)),
  );
  return baseline.toString();
}

/** Versions as a store would remember them. */
export function versionsOf(...policies: readonly Policy[]): Versions {
  return {
    of: async (version) => {
      const found = policies.find(({ source }) => source.version === version);
      if (found === undefined) throw new Error(`version ${version} was never taken`);
      return await Promise.resolve(found);
    },
  };
}

/** The repository's policy as another version of itself, in which these rules let nobody search. */
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

/** The repository's policy as another version of itself, with a field out of the content and in another group or none. */
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
