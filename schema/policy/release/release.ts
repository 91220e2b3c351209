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

/** A change's own file: what it changes and why, who decided it, and every widening of access that comes with it. */
const changeFile = z.strictObject({
  format: z.literal('jcu-policy-change/1'),
  version: z.int().min(1).describe('The version in domain.yaml that the change makes.'),
  what: z.string().min(10),
  why: z.string().min(10),
  'decided-by': z.string().min(3),
  'decided-for': z
    .string()
    .optional()
    .describe('The digest of the rules and the domain that it was decided for, as the check says it.'),
  widenings: z.array(z.string().min(10)).describe('Lines as `hub policy diff` prints them, without the "+".'),
});

/** Texts of change files by name. */
export type ChangeTexts = Readonly<Record<string, string>>;

/** What there is to say of the step from the released policy to the one in the folder. */
export type Step = { readonly faults: readonly string[]; readonly said: readonly string[] };

/**
 * Looks at the step from the released policy to another: faults for access that is widened and not listed in a change's
 * file, for lines that widen nothing, for a version that did not grow. What is narrowed, or listed, is said. A line is
 * read by the words of the policy that it was decided for: nothing that a later edit puts behind a name of it (a kind
 * into a collection, a role into a class) is covered by it.
 */
export function lookAtStep(released: PolicyTexts, current: PolicyTexts, changes: ChangeTexts): Step {
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
      ...pending.flatMap((one) => findOtherwiseDecided(one, after.version, digestOf(current))),
      ...findUnlisted(before, after, listed),
      ...(hasGrown
        ? []
        : [`domain.yaml: access changed and the version is still ${after.version}: let it grow`]),
    ],
    said: blocks.map(({ effect, words }) => `${effect === 'gains' ? '+' : '-'} ${words}`),
  };
}

/** What was decided for another policy than this one. */
function findOtherwiseDecided(
  { file, version, 'decided-for': decidedFor }: Change,
  current: number,
  digest: string,
): readonly string[] {
  if (version > current) return [`${file}: it makes version ${version}, and domain.yaml says ${current}`];
  if (version < current)
    return [
      `${file}: it made version ${version}, which was never released: release it before the next change`,
    ];
  return decidedFor === digest
    ? []
    : [
        `${file}: it was decided for other rules or another domain; where it holds for these: decided-for: ${digest}`,
      ];
}

/**
 * Where the released policy is not the one that its change was decided for: files that are compared with every next
 * change are not edited in passing.
 */
export function findUndecided(released: PolicyTexts, changes: ChangeTexts): readonly string[] {
  const { version } = policyOfTexts(released).source;
  const digest = digestOf(released);
  const made = readChanges(changes).files.filter((one) => one.version === version);
  return made.some((one) => one['decided-for'] === digest)
    ? []
    : [`released/: no change of version ${version} was decided for it: decided-for: ${digest}`];
}

/**
 * SHA-256 (base64url) of the rules and the domain, whatever their layout and comments. Which field is in which group is
 * not in it: what a move widens is listed line by line.
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
      ...misnamed.map(({ file }) => `${file}: expected a name such as 0007-what-it-is.yaml`),
      ...doubled.map((number) => `${number}: two changes have this number`),
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
  const { faults, said } = lookAtStep(released, current, changes);
  const policy = policyOfTexts(current);
  const findings = [...faults, ...findUndecided(released, changes), ...checkPolicy(policy).findings];
  for (const line of said) process.stdout.write(`since the release: ${line}\n`);
  for (const finding of findings) process.stderr.write(`schema/policy: ${finding}\n`);
  if (findings.length > 0) process.exitCode = 1;
  else if (!isCheck) release(released, current, policy.source.version);
}

/** Makes the current files the released ones. Only a version that grew is released. */
function release(released: PolicyTexts, current: PolicyTexts, version: number): void {
  const last = policyOfTexts(released).source.version;
  if (version <= last) {
    process.stderr.write(
      `schema/policy: version ${last} is released already: let the version in domain.yaml grow\n`,
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
