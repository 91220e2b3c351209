import canonicalize from 'canonicalize';
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkPolicy } from '../check/check.ts';
import { diffPolicies } from '../table/diff.ts';
import { policyFolder, type PolicyTexts, policyOfTexts, readPolicyTexts } from '../decide/load.ts';
import { findUnlisted, type Listed } from './widenings.ts';

/** The file of a change: what it changes and why, who decided it, and every access that it adds. */
const changeFile = z.strictObject({
  format: z.literal('jcu-policy-change/1'),
  version: z.int().min(1).describe('The version in domain.yaml that the change makes.'),
  what: z.string().min(10),
  why: z.string().min(10),
  'decided-by': z.string().min(3),
  'decided-for': z
    .string()
    .optional()
    .describe(
      'The digest of the rules and the domain that it was decided for, as `npm run check:policy` prints it.',
    ),
  widenings: z.array(z.string().min(10)).describe('Lines as `hub policy diff` prints them, without the "+".'),
});

/** The texts of the change files, by file name. */
export type ChangeTexts = Readonly<Record<string, string>>;

/** The result of a comparison with the released policy: faults, and a line for each gain or loss of access. */
export type Step = { readonly faults: readonly string[]; readonly lines: readonly string[] };

/**
 * Compares a policy with the released one. Reports access that is gained but not listed in a change file, listed lines
 * that do not gain access, and a version that was not increased. A change file is bound to the rules and the domain that
 * it was decided for, so that a later edit of a name (a kind in a collection, a role in a class) is not covered by it.
 */
export function checkStep(released: PolicyTexts, current: PolicyTexts, changes: ChangeTexts): Step {
  const [before, after] = [policyOfTexts(released).source, policyOfTexts(current).source];
  const { changes: blocks } = diffPolicies(before, after);
  const read = readChanges(changes);
  const pending = read.files.filter(({ version }) => version > before.version);
  const listed = pending.flatMap(({ file, widenings }): readonly Listed[] =>
    widenings.map((words) => ({ file, words })),
  );
  const hasGrown = blocks.length === 0 || after.version > before.version;
  return {
    faults: [
      ...read.faults,
      ...pending.flatMap((one) => findOtherDecisions(one, after.version, digestOf(current))),
      ...findUnlisted(before, after, listed),
      ...(hasGrown
        ? []
        : [`domain.yaml: access changed, but the version is still ${after.version}: increase it`]),
    ],
    lines: blocks.map(({ effect, words }) => `${effect === 'gains' ? '+' : '-'} ${words}`),
  };
}

/** Returns a fault if a change was decided for another version or other rules. */
function findOtherDecisions(
  { file, version, 'decided-for': decidedFor }: Change,
  current: number,
  digest: string,
): readonly string[] {
  if (version > current) return [`${file}: version is ${version}, but domain.yaml has version ${current}`];
  if (version < current)
    return [
      `${file}: version ${version} was never released: run \`npm run policy:release\` before the next change`,
    ];
  return decidedFor === digest
    ? []
    : [
        `${file}: decided for other rules or another domain. If the decision holds for these, write decided-for: ${digest}`,
      ];
}

/**
 * Returns a fault if the released files are not the ones that their change was decided for. Every next change is compared
 * with them, so nobody may edit them.
 */
export function findUndecided(released: PolicyTexts, changes: ChangeTexts): readonly string[] {
  const { version } = policyOfTexts(released).source;
  const digest = digestOf(released);
  const made = readChanges(changes).files.filter((one) => one.version === version);
  return made.some((one) => one['decided-for'] === digest)
    ? []
    : [`released/: no change file of version ${version} has decided-for: ${digest}`];
}

/**
 * Returns the SHA-256 (base64url) of the rules and the domain, independent of layout and comments. Excludes
 * coordinates.yaml: if a field moves to another group, each gain of access is listed line by line.
 */
export function digestOf(texts: PolicyTexts): string {
  const deciding = Object.entries(texts).filter(([name]) => name !== 'coordinates.yaml');
  const content = canonicalize(
    Object.fromEntries(deciding.map(([name, text]) => [name, parse(text) as unknown])),
  );
  return createHash('sha256')
    .update(content ?? '')
    .digest('base64url');
}

type Change = { readonly file: string } & z.infer<typeof changeFile>;

type ReadChanges = {
  readonly files: readonly Change[];
  readonly faults: readonly string[];
};

function readChanges(texts: ChangeTexts): ReadChanges {
  const read = Object.entries(texts).map(([file, text]) => ({
    file,
    read: changeFile.safeParse(parse(text)),
  }));
  const misnamed = read.filter(({ file }) => !/^\d{4}-[a-z0-9-]+\.yaml$/.test(file));
  const numbers = read.map(({ file }) => file.slice(0, 4));
  const doubled = numbers.filter((number, at) => numbers.indexOf(number) !== at);
  return {
    files: read.flatMap(({ file, read: { data } }) => (data === undefined ? [] : [{ file, ...data }])),
    faults: [
      ...misnamed.map(({ file }) => `${file}: expected a name such as 0007-short-name.yaml`),
      ...doubled.map((number) => `${number}: two change files have this number`),
      ...read.flatMap(({ file, read: { error } }) =>
        (error?.issues ?? []).map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`),
      ),
    ],
  };
}

const releasedFolder = join(policyFolder, 'released');

function main(isCheck: boolean): void {
  const [released, current] = [readPolicyTexts(releasedFolder), readPolicyTexts()];
  const changes = readPolicyTexts(join(policyFolder, 'changes'));
  const { faults, lines } = checkStep(released, current, changes);
  const policy = policyOfTexts(current);
  const findings = [...faults, ...findUndecided(released, changes), ...checkPolicy(policy).findings];
  for (const line of lines) process.stdout.write(`since the release: ${line}\n`);
  for (const finding of findings) process.stderr.write(`schema/policy: ${finding}\n`);
  if (findings.length > 0) process.exitCode = 1;
  else if (!isCheck) release(released, current, policy.source.version);
}

/** Copies the current files to released/. Refuses a version that is not above the released one. */
function release(released: PolicyTexts, current: PolicyTexts, version: number): void {
  const last = policyOfTexts(released).source.version;
  if (version <= last) {
    process.stderr.write(
      `schema/policy: version ${last} is already released: increase the version in domain.yaml\n`,
    );
    process.exitCode = 1;
    return;
  }
  for (const name of readdirSync(releasedFolder)) rmSync(join(releasedFolder, name));
  for (const [name, text] of Object.entries(current))
    writeFileSync(join(releasedFolder, name), text.replace('$schema=./', '$schema=../'));
  process.stdout.write(`released version ${version} of the policy, after version ${last}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
