import { Command, InvalidArgumentError, Option } from 'commander';
import mongoose, { type Connection } from 'mongoose';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Policy } from '../../../schema/policy/policy.ts';
import { readWhole } from '../../../schema/settings.ts';
import { purposes, type Purpose, tlpScale, type Tlp } from '../../../schema/vocabulary.ts';
import type { CommunityPart } from '../community.ts';
import { PreviewTarget } from '../operate/preview-target.ts';
import type { Counted } from '../operate/tally.ts';
import { policiesOf, policyOfRun } from '../policies.ts';
import { followLabelling, labelBy } from '../relabel/labeller.ts';
import { versionsIn } from '../relabel/versions.ts';
import { storeSettings } from '../settings.ts';
import { openStore } from '../store.ts';
import { takeNames, takeOwnNames } from './names.ts';
import { chooseFiles, sayEndings } from './files.ts';
import { ingest, type IngestReport, Interrupted } from './ingest.ts';
import { readTlp } from './marking.ts';
import { showProgress } from './progress.ts';
import { openRejects } from './rejects.ts';
import type { Defaults, Source } from './source.ts';
import { type Sink, Target } from './target.ts';

/** How an import ends, for whoever called it. */
export const exitCodes = { allIn: 0, failed: 1, someRejected: 2, classifiedMet: 3 } as const;

const storeWaitMs = 8000;
/** MongoDB's error code. */
const outOfDiskSpace = 14_031;

type Flags = {
  readonly source?: string;
  readonly originator?: string;
  readonly provider?: string;
  readonly tlp?: Tlp;
  readonly audience?: readonly string[];
  readonly person?: readonly string[];
  readonly purpose?: readonly Purpose[];
  readonly exercise?: string;
  readonly aliases?: string;
  readonly rejects: string;
  readonly preview?: boolean;
};

/**
 * Runs an import as a process of the community's own: its store, its credentials (JCU_STORE_URI), its sources.
 * Its policy is the signed bundle in force, or the one that is given. Sets the exit code: 0 all in, 1 nothing more could
 * be done, 2 some records rejected, 3 a classified record met.
 */
export async function runImport(
  community: CommunityPart,
  sources: readonly Source[],
  given?: Policy,
): Promise<void> {
  // Node would let the heap grow to hundreds of megabytes before it collects what a batch leaves behind.
  setFlagsFromString('--memory-saver-mode');
  const command = describe(community, sources);
  try {
    await command.parseAsync();
    process.exitCode = await importFiles(community, sources, command, given);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodes.failed;
  }
  // A store that does not answer is tried again in the background: nothing of that is waited for.
  process.exit();
}

async function importFiles(
  community: CommunityPart,
  sources: readonly Source[],
  command: Command,
  given: Policy | undefined,
): Promise<number> {
  const flags = command.opts<Flags>();
  const { source, files } = await chooseFiles(sources, command.args, flags.source);
  const store = openStore(readWhole(storeSettings, process.env).storeUri, community.kinds, () => undefined);
  try {
    await waitForStore(store.connection);
    const policy = given ?? (await policyOfRun(process.env, store));
    const defaults = withFlags(source.defaults, flags);
    const labeller =
      given === undefined
        ? followLabelling(store, versionsIn(policiesOf(store)), policy.source.version)
        : labelBy(given);
    const target = new Target(store, source.name, defaults.exercise, labeller);
    if (flags.preview === true) {
      const preview = new PreviewTarget(policy, async () => await target.loadActors());
      const code = await runOne(source, files, defaults, preview, flags);
      tellOpened(preview.opened());
      return code;
    }
    await target.prepare();
    const named = await takeAllNames(source, files, target, flags);
    return named ? await runOne(source, files, defaults, target, flags) : exitCodes.classifiedMet;
  } finally {
    await store.connection.close();
  }
}

async function runOne(
  source: Source,
  files: readonly string[],
  defaults: Defaults,
  target: Sink,
  flags: Flags,
): Promise<number> {
  const receivedAt = new Date();
  await using rejects = openRejectsOf(source, flags, receivedAt);
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const progress = showProgress(source.name, bytes, process.stderr, () => performance.now());
  const alarm = sayAlarm;
  const started = performance.now();
  const tell = (report: IngestReport) => summarise(source, report, performance.now() - started, rejects.path);
  const report = await ingest({
    source,
    files,
    defaults,
    target,
    rejects,
    progress,
    alarm,
    receivedAt,
  }).catch((error: unknown) => {
    if (error instanceof Interrupted) tell(error.report);
    throw error;
  });
  tell(report);
  if (report.classified > 0) return exitCodes.classifiedMet;
  if (report.broken.length > 0) return exitCodes.failed;
  return report.rejected > 0 ? exitCodes.someRejected : exitCodes.allIn;
}

/** Names come before the records that need them. False where a file of names bears a classification. */
async function takeAllNames(
  source: Source,
  files: readonly string[],
  target: Target,
  flags: Flags,
): Promise<boolean> {
  if (flags.aliases !== undefined) {
    await using rejects = openRejectsOf(source, flags, new Date());
    if (!(await takeNames({ target, rejects, alarm: sayAlarm }, flags.aliases))) return false;
  }
  if (source.aliases !== true) return true;
  for (const file of files) await takeOwnNames(target, file, source.locate, sayAlarm);
  return true;
}

function openRejectsOf(source: Source, flags: Flags, at: Date) {
  const stamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return openRejects(join(flags.rejects, `${source.name}-${stamp}.rejects.jsonl`));
}

function tellOpened(rows: readonly Counted[]): void {
  for (const { what, records, examples } of rows)
    process.stdout.write(`would open ${records}: ${what} (such as ${examples[0] ?? 'none'})\n`);
  process.stdout.write('a preview: nothing was written\n');
}

function sayAlarm(words: string): void {
  process.stderr.write(`${words}\n`);
}

function summarise(source: Source, report: IngestReport, ms: number, rejectsPath: string): void {
  const { read, added, changed, unchanged, rejected, classified } = report;
  const rate = Math.round((read / Math.max(ms, 1)) * 1000);
  process.stdout.write(
    `${source.name}: ${read} read; ${added} new, ${changed} changed, ${unchanged} unchanged records; ` +
      `${rejected} rejected, ${classified} classified; ${(ms / 1000).toFixed(1)} s (${rate} records/s)\n`,
  );
  if (rejected + classified > 0) process.stdout.write(`rejects, with place and reason: ${rejectsPath}\n`);
  for (const line of report.broken) process.stderr.write(`not read to its end: ${line}\n`);
}

function describe(community: CommunityPart, sources: readonly Source[]): Command {
  const list = sources
    .map((source) => `  ${source.name.padEnd(18)}${source.title}: ${source.expects}`)
    .join('\n');
  return new Command(`hub import ${community.name}`)
    .description(`Takes files into ${community.name}'s own store.`)
    .argument('<paths...>', `files, or folders of ${sayEndings(sources)} files`)
    .option('--source <name>', 'which kind of file it is (found out by its first bytes otherwise)')
    .option('--originator <organisation>', 'who asserts records that do not say it')
    .option('--provider <organisation>', 'through whom the files came')
    .addOption(
      new Option('--tlp <label>', `marking of records that say none: ${tlpScale.join(', ')}`).argParser(
        takeTlp,
      ),
    )
    .option('--audience <organisations...>', 'recipients above GREEN')
    .option('--person <subjects...>', 'named persons, for RED')
    .addOption(new Option('--purpose <purposes...>', 'what they are given for').choices(purposes))
    .option('--exercise <id>', 'the exercise that the records belong to, such as exercise:trial-2026')
    .option('--aliases <file>', 'a MISP threat-actor galaxy to resolve names by, taken in first')
    .option('--preview', 'write nothing: tell to whom the records would open')
    .option('--rejects <folder>', 'where rejected records are listed by place and reason', 'rejects')
    .addHelpText(
      'after',
      `\nSources:\n${list}\n\nExit codes: 0 all in, 1 failed, 2 some rejected, 3 a classified record met.\n` +
        `Running it again writes only what is new or changed; it may be stopped at any moment.\n\n` +
        `Example:\n  npx hub import ${community.name} --tlp GREEN path/to/file.json`,
    );
}

function takeTlp(label: string): Tlp {
  try {
    return readTlp(label.replace('AMBER_STRICT', 'AMBER+STRICT'));
  } catch {
    throw new InvalidArgumentError(`Expected one of ${tlpScale.join(', ')}.`);
  }
}

function withFlags(defaults: Defaults, flags: Flags): Defaults {
  const { originator, provider, tlp, audience, person, purpose, exercise } = flags;
  return {
    ...defaults,
    ...(originator === undefined ? {} : { originator }),
    ...(provider === undefined ? {} : { provider }),
    ...(exercise === undefined ? {} : { exercise }),
    ...(purpose === undefined ? {} : { purposes: purpose }),
    marking: tlp === undefined ? defaults.marking : { ...defaults.marking, tlp },
    audience: {
      ...defaults.audience,
      ...(audience === undefined ? {} : { organisations: audience }),
      ...(person === undefined ? {} : { persons: person }),
    },
  };
}

/** The store is tried for some seconds: it may just be starting. */
async function waitForStore(connection: Connection): Promise<void> {
  const until = Date.now() + storeWaitMs;
  while (connection.readyState !== mongoose.ConnectionStates.connected) {
    if (Date.now() > until)
      throw new Error(`The community's store does not answer: start it, then run this again.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What went wrong in the operator's terms, and that running it again goes on from there. */
function explain(failure: unknown): string {
  const error = failure instanceof Interrupted ? failure.cause : failure;
  const again =
    failure instanceof Interrupted
      ? ' What was written before stays; run the same command again, and it goes on from there.'
      : '';
  return `${describeError(error)}${again}`;
}

function describeError(error: unknown): string {
  const { name = '', message = String(error) } = error as Partial<Error>;
  const { code } = error as { readonly code?: unknown };
  if (code === 'ENOSPC' || code === outOfDiskSpace || /no space left|OutOfDiskSpace/i.test(message))
    return `The disk is full (${message}): make room.`;
  if (code === 'EACCES') return `${message}: the file or folder cannot be read or written.`;
  if (name.startsWith('Mongo') || name === 'StoreLost' || /expected an answer within/.test(message))
    return `The community's store does not answer (${message}): see that it runs.`;
  return message;
}
