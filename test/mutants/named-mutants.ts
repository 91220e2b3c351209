/** Equivalent mutants of the policy's compilers, with the reason why no test can detect them. */
export type Named = {
  readonly why: string;
  /** File, line, original text (its first line), and replacement. */
  readonly mutants: readonly (readonly [file: string, line: string, from: string, to: string])[];
};

export const named: readonly Named[] = [
  {
    why: 'a prohibition without conditions on the record is applied before the variants: a second exclusion changes no decision',
    mutants: [
      [
        'decide/compile.ts',
        'const prohibits = all.filter((rule) => rule.when.size > 0);',
        'all.filter((rule) => rule.when.size > 0)',
        'all',
      ],
      [
        'decide/compile.ts',
        'const prohibits = all.filter((rule) => rule.when.size > 0);',
        'rule.when.size > 0',
        'true',
      ],
      [
        'decide/compile.ts',
        'const prohibits = all.filter((rule) => rule.when.size > 0);',
        'rule.when.size > 0',
        'rule.when.size >= 0',
      ],
    ],
  },
  {
    why: 'a cache: the same value is computed again',
    mutants: [
      ['decide/compile.ts', 'if (kept !== undefined) return kept;', 'kept !== undefined', 'false'],
      ['decide/compile.ts', 'known.set(signature, found);', 'known.set(signature, found);', ';'],
      ['decide/facts.ts', 'blanks.set(declared, known);', 'blanks.set(declared, known);', ';'],
      [
        'decide/policy.ts',
        'const known = signature === null ? undefined : rules.known.get(signature);',
        'signature === null',
        'true',
      ],
      [
        'decide/policy.ts',
        'const known = signature === null ? undefined : rules.known.get(signature);',
        'signature === null',
        'false',
      ],
      [
        'decide/policy.ts',
        'const known = signature === null ? undefined : rules.known.get(signature);',
        'signature === null',
        'signature !== null',
      ],
      ['decide/policy.ts', 'if (known !== undefined) return known;', 'known !== undefined', 'false'],
      [
        'decide/policy.ts',
        'if (signature !== null) rules.known.set(signature, conditions);',
        'signature !== null',
        'true',
      ],
      [
        'decide/policy.ts',
        'if (signature !== null) rules.known.set(signature, conditions);',
        'signature !== null',
        'false',
      ],
      [
        'decide/policy.ts',
        'if (signature !== null) rules.known.set(signature, conditions);',
        'signature !== null',
        'signature === null',
      ],
      [
        'decide/policy.ts',
        'if (signature !== null) rules.known.set(signature, conditions);',
        'rules.known.set(signature, conditions);',
        ';',
      ],
      ['decide/policy.ts', 'this.#readRules.set(kind, rules);', 'this.#readRules.set(kind, rules);', ';'],
      ['decide/policy.ts', 'this.#held.set(name, known);', 'this.#held.set(name, known);', ';'],
    ],
  },
  {
    why: 'no reader holds a variant that requires and excludes one class',
    mutants: [
      [
        'decide/compile.ts',
        'if (without.some((name) => permit.classes.includes(name))) continue;',
        'without.some((name) => permit.classes.includes(name))',
        'false',
      ],
      [
        'decide/compile.ts',
        'if (without.some((name) => permit.classes.includes(name))) continue;',
        '(name) => permit.classes.includes(name)',
        '() => undefined',
      ],
    ],
  },
  {
    why: 'a class that does not exist excludes no reader',
    mutants: [['decide/compile.ts', '[[]],', '[]', '["Stryker was here"]']],
  },
  {
    why: 'rules use only dimensions that have values',
    mutants: [
      [
        'decide/compile.ts',
        'const blocks = blocksOf(dimension, source.dimensions.get(dimension) ?? [], rules);',
        '[]',
        '["Stryker was here"]',
      ],
    ],
  },
  {
    why: 'records that do not match the permission give no variants later',
    mutants: [
      [
        'decide/compile.ts',
        'const taken = blocks.filter((value) => permit.when.get(dimension)?.has(value) !== false);',
        'blocks.filter((value) => permit.when.get(dimension)?.has(value) !== false)',
        'blocks',
      ],
      [
        'decide/compile.ts',
        'const taken = blocks.filter((value) => permit.when.get(dimension)?.has(value) !== false);',
        'permit.when.get(dimension)?.has(value) !== false',
        'true',
      ],
    ],
  },
  {
    why: 'two classes of record still have two numbers; only the numbers differ',
    mutants: [
      [
        'decide/facts.ts',
        'signature = signature * tlpScale.length + tlpScale.indexOf(marking.tlp);',
        'signature * tlpScale.length + tlpScale.indexOf(marking.tlp)',
        'signature * tlpScale.length - tlpScale.indexOf(marking.tlp)',
      ],
      [
        'decide/facts.ts',
        'signature = signature * reaches.length + reaches.indexOf(audience.reach);',
        'signature * reaches.length + reaches.indexOf(audience.reach)',
        'signature * reaches.length - reaches.indexOf(audience.reach)',
      ],
      [
        'decide/facts.ts',
        'signature = signature * papScale.length + papScale.indexOf(marking.pap);',
        'signature * papScale.length + papScale.indexOf(marking.pap)',
        'signature * papScale.length - papScale.indexOf(marking.pap)',
      ],
      [
        'decide/facts.ts',
        'signature = signature * distributions.length + distributions.indexOf(marking.distribution);',
        'signature * distributions.length + distributions.indexOf(marking.distribution)',
        'signature * distributions.length - distributions.indexOf(marking.distribution)',
      ],
      [
        'decide/facts.ts',
        'signature = signature * 2 + (marking.handlingCodes.includes(code) ? 1 : 0);',
        'signature * 2 + (marking.handlingCodes.includes(code) ? 1 : 0)',
        'signature * 2 - (marking.handlingCodes.includes(code) ? 1 : 0)',
      ],
      [
        'decide/facts.ts',
        'signature = signature * 2 + (marking.extraRestrictions.length === 0 ? 0 : 1);',
        'signature * 2 + (marking.extraRestrictions.length === 0 ? 0 : 1)',
        'signature * 2 - (marking.extraRestrictions.length === 0 ? 0 : 1)',
      ],
      [
        'decide/facts.ts',
        'signature = signature * 2 + (marking.extraRestrictions.length === 0 ? 0 : 1);',
        'marking.extraRestrictions.length === 0',
        'marking.extraRestrictions.length !== 0',
      ],
      [
        'decide/facts.ts',
        "return signature * 2 + (embargo === 'over' ? 0 : 1);",
        "signature * 2 + (embargo === 'over' ? 0 : 1)",
        "signature * 2 - (embargo === 'over' ? 0 : 1)",
      ],
      [
        'decide/facts.ts',
        "return signature * 2 + (embargo === 'over' ? 0 : 1);",
        "embargo === 'over'",
        "embargo !== 'over'",
      ],
    ],
  },
  {
    why: 'an empty list of codes joins to the empty text',
    mutants: [
      [
        'decide/facts.ts',
        "return codes.length === 0 ? '' : handlingCodes.filter((code) => codes.includes(code)).join(',');",
        'codes.length === 0',
        'false',
      ],
    ],
  },
  {
    why: 'a value that is not a text is not one of the values',
    mutants: [
      [
        'decide/facts.ts',
        "if (stated !== undefined && (typeof stated !== 'string' || !values.includes(stated))) return null;",
        "typeof stated !== 'string'",
        'false',
      ],
    ],
  },
  {
    why: 'a portion has the facts of its record, which are already known',
    mutants: [
      [
        'decide/policy.ts',
        'return own === undefined || !matches(own, marked, readerAccess);',
        'own === undefined',
        'false',
      ],
    ],
  },
  {
    why: 'a separate empty set equals the shared one',
    mutants: [
      [
        'decide/policy.ts',
        'hidden: hidden.length === 0 ? nothing : new Set(hidden.map(({ path }) => path)),',
        'hidden.length === 0',
        'false',
      ],
      [
        'decide/policy.ts',
        'groups: groups.length === 0 ? nothing : new Set(groups),',
        'groups.length === 0',
        'false',
      ],
    ],
  },
  {
    why: 'rules name only classes that exist: the language refuses others',
    mutants: [
      [
        'decide/policy.ts',
        'return one !== undefined && isOfClass(reader, one);',
        'one !== undefined',
        'true',
      ],
    ],
  },
  {
    why: 'a failed match has no second member',
    mutants: [
      [
        'decide/policy.ts',
        'const [, digits] = /^joint-baseline-([1-9]\\d{0,8})$/.exec(name) ?? [];',
        '[]',
        '["Stryker was here"]',
      ],
    ],
  },
  {
    why: 'a kind that does not exist has no rules',
    mutants: [
      [
        'decide/policy.ts',
        'const groups = (this.#policy.source.domain.kinds[kind]?.groups ?? []).filter((group) => group !== base);',
        '[]',
        '["Stryker was here"]',
      ],
    ],
  },
  {
    why: 'a match without values permits no reader',
    mutants: [
      [
        'decide/policy.ts',
        'return values === undefined || values.size === 0 ? [] : [{ valuesOf: recordSideOf(relation), values }];',
        'values.size === 0',
        'false',
      ],
    ],
  },
  {
    why: 'null compares as the start of 1970, which is before every request',
    mutants: [
      [
        'decide/policy.ts',
        "return embargoUntil !== null && embargoUntil > now ? 'running' : 'over';",
        'embargoUntil !== null',
        'true',
      ],
    ],
  },
  {
    why: 'the relation is in the keys of both sides twice',
    mutants: [
      [
        'decide/policy.ts',
        'return writeKey(prefix, value, variant.text.slice(variant.relation.length));',
        'variant.text.slice(variant.relation.length)',
        'variant.text',
      ],
    ],
  },
  {
    why: 'another fault refuses the policy',
    mutants: [
      [
        'language/rules.ts',
        'const kinds = text.kinds.flatMap((name) => kindsOf(name, domain) ?? (report(`unknown kind ${name}`), []));',
        '[]',
        '["Stryker was here"]',
      ],
    ],
  },
  {
    why: 'the schema of the language refuses a condition without values',
    mutants: [
      [
        'language/rules.ts',
        'if (values !== undefined) conditions.set(name, new Set(values));',
        'values !== undefined',
        'true',
      ],
    ],
  },
  {
    why: 'kinds that do not exist were reported before',
    mutants: [
      [
        'language/rules.ts',
        '.filter((kind) => domain.kinds[kind]?.community !== owner)',
        'domain.kinds[kind]?.community',
        'domain.kinds[kind].community',
      ],
    ],
  },
  {
    why: 'roles exist: the previous term checks it',
    mutants: [
      [
        'language/rules.ts',
        '(one.roles === null || reader.roles.some((role) => one.roles?.has(role))) &&',
        'one.roles?.has',
        'one.roles.has',
      ],
    ],
  },
  {
    why: 'no class and no agreement has the purpose null',
    mutants: [
      [
        'language/rules.ts',
        '(one.purposes === null || (reader.purpose !== null && one.purposes.has(reader.purpose)))',
        'reader.purpose !== null',
        'true',
      ],
      [
        'decide/relations.ts',
        '.filter((held) => isValid(held, now) && purpose !== null && held.purposes.includes(purpose))',
        'purpose !== null',
        'true',
      ],
    ],
  },
];
