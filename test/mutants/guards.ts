import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { relabelling } from './relabelling.ts';

const help = `Takes each guard out of a copy of the project, one at a time, and runs the tests that must notice.

  npm run guards -- [options]

  --only WORD    only guards whose name has this word
  --help

It ends with 1 where a guard can be taken out and its tests stay green. A few minutes on two cores.

Example:
  npm run guards -- --only cursor
`;

/** One guard: the text that holds it, what is left without it, and the tests that must turn red. */
export type Guard = {
  readonly name: string;
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  readonly project: 'parts' | 'journeys';
  readonly tests: string;
};

const guards: readonly Guard[] = [
  {
    name: "the store's filter on a list",
    file: 'subgraphs/serve/queries.ts',
    from: 'const filter = mongoose.trusted({ $and: [query.allowed, query.equal, range(query)] });',
    to: 'const filter = mongoose.trusted({ $and: [query.equal, range(query)] });',
    project: 'journeys',
    tests: 'test/abuse/denied-is-absent',
  },
  {
    name: 'the guard that decides each row again',
    file: 'subgraphs/serve/row.ts',
    from: 'if (decision === null) return null;',
    to: 'if (decision === null) return { type, id: record._id, envelope: record.envelope, content: record.content as never, sortAt: record.sortAt, decision: { hidden: new Set(), groups: new Set() } };',
    project: 'parts',
    tests: 'test/subgraphs/serve/loaders',
  },
  {
    name: 'the count of a shared key',
    file: 'subgraphs/serve/queries.ts',
    from: 'const filter = mongoose.trusted({ $and: [{ key, kind }, allowed] });',
    to: 'const filter = mongoose.trusted({ $and: [{ key, kind }] });',
    project: 'journeys',
    tests: 'test/abuse/denied-is-absent',
  },
  {
    name: 'the group of the audience',
    file: 'subgraphs/serve/guard.ts',
    from: "return group === 'content' || decision.groups.has(group);",
    to: 'return decision.groups.has(group) || group.length > 0;',
    project: 'journeys',
    tests: 'test/journeys/markings',
  },
  {
    name: 'the portion of a record',
    file: 'subgraphs/serve/guard.ts',
    from: ' || source.decision.hidden.has(name)',
    to: '',
    project: 'parts',
    tests: 'test/subgraphs/serve/(portions|loaders|guard)',
  },
  {
    name: "the cursor's scope",
    file: 'subgraphs/serve/cursor.ts',
    from: 'const bound = JSON.stringify(scope);',
    to: "const bound = JSON.stringify('');",
    project: 'journeys',
    tests: 'test/abuse/denied-is-absent',
  },
  {
    name: "the hub's decision before it plans",
    file: 'gateway/policy/decide.ts',
    from: 'refused.add(`${own}.${field.name.value}`);',
    to: 'if (mayUse(own, field.name.value) || own !== "") return undefined; refused.add(own);',
    project: 'journeys',
    tests: 'test/journeys/markings',
  },
  {
    name: 'the schema of the kind, in introspection',
    file: 'gateway/hub.ts',
    from: 'introspect(split.schema, kinds.of(holder), variables)',
    to: 'introspect(split.schema, planner.schema, variables)',
    project: 'journeys',
    tests: 'test/abuse/introspection',
  },
  {
    name: 'the suggestions of the kind',
    file: 'gateway/policy/suggest.ts',
    from: 'if (found.length === 0) return Promise.resolve();',
    to: 'if (found.length >= 0) return Promise.resolve();',
    project: 'journeys',
    tests: 'test/abuse/introspection',
  },
  {
    name: 'what a part was not asked for',
    file: 'gateway/dispatch/source.ts',
    from: 'const data = pruneAnswer(answer.data, query, distinct.variables);',
    to: 'const data = answer.data;',
    project: 'parts',
    tests: 'test/gateway/dispatch',
  },
  {
    name: 'the trail before the answer',
    file: 'gateway/audit/record.ts',
    from: 'else await trail.append(facts);',
    to: 'else trail.appendLater(facts);',
    project: 'journeys',
    tests: 'test/journeys/trail-down',
  },
  {
    name: 'the plain value of a filter',
    file: 'subgraphs/serve/loaders.ts',
    from: "if (typeof value === 'object') throw",
    to: "if (typeof value === 'undefined') throw",
    project: 'parts',
    tests: 'test/subgraphs/serve/loaders',
  },
  {
    name: 'the header of an assertion, byte for byte',
    file: 'schema/assertion.ts',
    from: ' || header !== headerOf(session.id)',
    to: '',
    project: 'parts',
    tests: 'test/schema/assertion',
  },
  {
    name: 'the MAC of an assertion',
    file: 'schema/assertion.ts',
    from: 'if (got.length !== expected.length || !timingSafeEqual(got, expected)) {',
    to: 'if (got.length > 1e6) {',
    project: 'parts',
    tests: 'test/schema/assertion',
  },
  {
    name: 'the body of an assertion',
    file: 'schema/assertion.ts',
    from: 'if (hash !== digest(body))',
    to: "if (hash === digest(''))",
    project: 'parts',
    tests: 'test/schema/assertion',
  },
  {
    name: "the proof of a session's key",
    file: 'schema/session.ts',
    from: 'if (!isSame(proof, derived.proof))',
    to: "if (isSame(proof, ''))",
    project: 'parts',
    tests: 'test/schema/session',
  },
  {
    name: 'the one use of an offer',
    file: 'subgraphs/serve/sessions.ts',
    from: 'if (this.#offers.has(id)) throw',
    to: "if (id === '') throw",
    project: 'parts',
    tests: 'test/subgraphs/serve/sessions',
  },
  {
    name: 'the one use of an assertion',
    file: 'subgraphs/serve/verify.ts',
    from: 'if (!this.#sessions.take(assertion)) throw',
    to: 'if (!this.#sessions.take(assertion) && now.getTime() < 0) throw',
    project: 'journeys',
    tests: 'test/abuse/assertions',
  },
  {
    name: 'the end of sessions whose key is gone',
    file: 'subgraphs/serve/serve.ts',
    from: '      door.keepOnly(changed);\n',
    to: '',
    project: 'journeys',
    tests: 'test/journeys/keys',
  },
  {
    name: 'the pause of a hub that is refused',
    file: 'gateway/dispatch/sessions.ts',
    from: 'if (now - this.#refusedAt < refusalPauseMs) return null;',
    to: '',
    project: 'parts',
    tests: 'test/gateway/dispatch/sessions',
  },
  {
    name: 'the budget of a request',
    file: 'gateway/hub.ts',
    from: '    chargeFirst(charge.request),',
    to: '',
    project: 'journeys',
    tests: 'test/abuse/budget',
  },
  {
    name: 'the budget of an operation',
    file: 'gateway/hub.ts',
    from: 'await charge.operation(limitOperation(document, variables), context);',
    to: 'limitOperation(document, variables);',
    project: 'journeys',
    tests: 'test/abuse/budget',
  },
  {
    name: 'the budget of the organisation',
    file: 'gateway/budget/charge.ts',
    from: 'if (ofAll.enough) return;',
    to: 'if (ofAll.enough || points > 0) return;',
    project: 'journeys',
    tests: 'test/abuse/budget',
  },
  {
    name: "the reader's budget that the organisation's refusal gives back",
    file: 'gateway/budget/charge.ts',
    from: 'leases.putBack(bucket, points);',
    to: '',
    project: 'journeys',
    tests: 'test/abuse/budget',
  },
  {
    name: 'what of a budget is out on leases',
    file: 'gateway/budget/bucket.ts',
    from: '$min: [room, refilled]',
    to: '$min: [budget.points, refilled]',
    project: 'parts',
    tests: 'test/gateway/budget/leases',
  },
  {
    name: "a budget's lease given back once",
    file: 'gateway/budget/bucket.ts',
    from: "$cond: [{ $in: [back?.id ?? null, '$leases.id'] }, back?.points ?? 0, 0]",
    to: '$ifNull: [back?.points ?? 0, 0]',
    project: 'parts',
    tests: 'test/gateway/budget/leases',
  },
  {
    name: "the end of a budget's lease",
    file: 'gateway/budget/account.ts',
    from: 'now - held.begun < leaseMs && ',
    to: '',
    project: 'parts',
    tests: 'test/gateway/budget/leases',
  },
  {
    name: 'a list that takes less than nothing',
    file: 'gateway/plan/limits.ts',
    from: "typeof number === 'number' && number >= 0",
    to: "typeof number === 'number'",
    project: 'parts',
    tests: 'test/gateway/plan',
  },
  ...relabelling,
];

const { values: flags } = parseArgs({
  options: { only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } },
});
const root = join(import.meta.dirname, '..', '..');
const copy = join(root, '.cache', 'guards', 'hub');

function main(): void {
  rmSync(copy, { recursive: true, force: true });
  const { stdout } = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
  for (const file of stdout.split('\n').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const chosen = guards.filter(({ name }) => name.includes(flags.only));
  const unnoticed = chosen.filter((guard) => !isNoticed(guard));
  process.stdout.write(
    `guards: ${chosen.length - unnoticed.length} of ${chosen.length} noticed when taken out\n`,
  );
  if (unnoticed.length > 0) process.exitCode = 1;
}

/** Whether tests that are green with a guard turn red without it. */
function isNoticed(guard: Guard): boolean {
  const path = join(copy, guard.file);
  const text = readFileSync(path, 'utf8');
  const without = text.replace(guard.from, guard.to);
  if (without === text) throw new Error(`${guard.name}: ${guard.file} holds no such text`);
  writeFileSync(path, without);
  const red = run(guard) !== 0;
  writeFileSync(path, text);
  const green = red && run(guard) === 0;
  process.stdout.write(`${green ? 'noticed' : red ? 'RED WITH IT, TOO' : 'UNNOTICED'}: ${guard.name}\n`);
  return green;
}

function run({ project, tests }: Guard): number | null {
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--silent',
    '--bail',
  ];
  const chosen = [`--selectProjects=${project}`, '--testPathPatterns', tests];
  return spawnSync(process.execPath, [...args, ...chosen], { cwd: copy, encoding: 'utf8' }).status;
}

if (flags.help) process.stdout.write(help);
else main();
