import type { Guard } from './guard.ts';

const parts = {
  project: 'parts',
  tests: 'test/(schema/policy/decide/both|subgraphs/serve/relabel)',
} as const;
const journey = { project: 'journeys', tests: 'test/journeys/relabel' } as const;
const both = 'schema/policy/decide/both.ts';
const folder = 'subgraphs/serve/relabel';

/** Guards while a store is relabelled from one policy version to another. */
export const relabelling: readonly Guard[] = [
  {
    name: "relabelling: the older version's guard",
    file: both,
    from: 'if (older === null || newer === null) return null;',
    to: 'if (newer === null) return null;\n    if (older === null) return newer;',
    ...parts,
  },
  {
    name: "relabelling: the newer version's guard",
    file: both,
    from: 'if (older === null || newer === null) return null;',
    to: 'if (older === null) return null;\n    if (newer === null) return older;',
    ...parts,
  },
  {
    name: 'relabelling: portions hidden by the older version',
    file: both,
    from: 'new Set([...older.hidden, ...newer.hidden, ',
    to: 'new Set([...newer.hidden, ',
    ...parts,
  },
  {
    name: 'relabelling: portions hidden by the newer version',
    file: both,
    from: 'new Set([...older.hidden, ...newer.hidden, ',
    to: 'new Set([...older.hidden, ',
    ...parts,
  },
  {
    name: 'relabelling: fields closed by the older version',
    file: both,
    from: ', ...this.#hiddenByOlder(kind, older)',
    to: '',
    ...parts,
  },
  {
    name: 'relabelling: fields of the envelope closed by the older version',
    file: 'subgraphs/serve/graph/guard.ts',
    from: ' || source.decision.hidden.has(path)',
    to: '',
    ...parts,
  },
  {
    name: "relabelling: the older version's root fields",
    file: both,
    from: 'return this.older.mayUse(reader, type, field) && ',
    to: 'return ',
    ...parts,
  },
  {
    name: "relabelling: the newer version's other actions",
    file: both,
    from: /&&\s+this\.newer\.may\(both\.newer, action, kind, group, envelope\)/,
    to: '',
    ...parts,
  },
  {
    name: 'relabelling: a search that both must allow',
    file: 'subgraphs/serve/read/may-find.ts',
    from: 'if (!context.maySearch(type, envelope)) return false;',
    to: 'return true;',
    ...parts,
  },
  {
    name: 'relabelling: counts by the guard',
    file: both,
    from: 'return false;',
    to: 'return true;',
    ...parts,
  },
  {
    name: 'relabelling: old access keys stay until the switch',
    file: `${folder}/relabel-range.ts`,
    from: 'serving !== policy.source.version && served.test(key)',
    to: 'serving < 0',
    ...parts,
  },
  {
    name: 'relabelling: old access keys stay for a while after the switch',
    file: `${folder}/relabel.ts`,
    from: 'leaving: state.serving',
    to: 'leaving: null',
    ...parts,
  },
  {
    name: 'relabelling: new records have the access keys of the previous version',
    file: 'subgraphs/serve/store/key-assigner.ts',
    from: 'return [next, serving, leaving]',
    to: 'return [next, serving]',
    ...parts,
  },
  {
    name: 'relabelling: new records have the access keys of the next version',
    file: 'subgraphs/serve/store/key-assigner.ts',
    from: 'return [next, serving, leaving]',
    to: 'return [serving, leaving]',
    ...parts,
  },
  {
    name: 'relabelling: a batch depends on the state of its access keys',
    file: 'subgraphs/serve/store/write.ts',
    from: 'await keyAssigner.hold(session);',
    to: '',
    ...parts,
  },
  {
    name: 'relabelling: every row has new access keys before the switch',
    file: `${folder}/relabel.ts`,
    from: "const added = await pass(store, policy, { name: 'adding', state, todo }, options);",
    to: 'const added = 0 * todo.policy.$ne.length;',
    ...parts,
  },
  {
    name: 'relabelling: old access keys are removed',
    file: `${folder}/relabel.ts`,
    from: /\{ admits: ofOthers \},\s+\{ admitsEarly: ofOthers \},\s+\{ terms: ofOthers \},/,
    to: '',
    ...parts,
  },
  {
    name: 'relabelling: join rows with their records',
    file: `${folder}/relabel-range.ts`,
    from: 'await linksOf(store).bulkWrite(links, { session, ordered: false });',
    to: 'void linksOf; void links;',
    ...parts,
  },
  {
    name: 'relabelling: a newer version is never reverted',
    file: `${folder}/relabel.ts`,
    from: 'if (Math.max(state.serving, state.next ?? 0) > version)',
    to: 'if (version < 0)',
    ...parts,
  },
  {
    name: 'relabelling: one process at a time',
    file: 'subgraphs/serve/store/walk/lease.ts',
    from: '$or: [{ holder }, { until: { $lt: now } }]',
    to: '$or: [{ holder }, { until: { $exists: true } }]',
    ...parts,
  },
  {
    name: 'relabelling: a new policy applies at once',
    file: `${folder}/served.ts`,
    from: 'isOne ? inForce : new BothPolicies(found, inForce)',
    to: 'isOne ? inForce : found',
    ...parts,
  },
  {
    name: 'relabelling: no decision without the state of the access keys',
    file: `${folder}/served.ts`,
    from: ' || performance.now() - lookedAt > maxMs',
    to: '',
    ...parts,
  },
  {
    name: "relabelling: the hub's version of the policy",
    file: 'subgraphs/serve/serve.ts',
    from: ' && (await hubVersion.accepts(assertion.policy))',
    to: '',
    ...journey,
  },
];
