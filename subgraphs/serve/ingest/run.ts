import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { DeadlineExceeded } from '../../../schema/runtime/within.ts';
import { readOrThrow } from '../../../schema/runtime/settings/settings.ts';
import type { CommunityPart } from '../graph/community.ts';
import { PreviewTarget } from './preview-target.ts';
import type { Counted } from '../preview/tally.ts';
import { announce } from '../store/processes.ts';
import { patiently, policiesOf, policyOfRun } from '../store/policies.ts';
import { followKeyState, assignKeysBy, type KeyAssigner } from '../store/key-assigner.ts';
import { versionsIn } from '../store/policy-versions.ts';
import { storeSettings } from '../settings.ts';
import { type CommunityStore, openStore, untilOpen } from '../store/store.ts';
import { importNames, importOwnNames } from './names.ts';
import { type Flags, readRuns, type Run, withFlags } from './command.ts';
import { type Chosen, chooseFiles } from './files.ts';
import { ingest } from './ingest.ts';
import { type IngestReport, Interrupted } from './report.ts';
import { showProgress } from '../../../schema/runtime/progress.ts';
import { openRejects } from './rejects.ts';
import { formatSummary } from './summary.ts';
import type { Defaults, Source } from './sources/source.ts';
import { StoreLost } from '../store/write.ts';
import { type Sink, Target } from './target.ts';
import { endOnClosedPipe } from '../../../schema/runtime/closed-pipe.ts';

/** Exit codes of an import. */
export const exitCodes = { allIn: 0, failed: 1, someRejected: 2, classifiedMet: 3 } as const;

const storeWaitMs = 8000;
/** MongoDB's error code. */
const outOfDiskSpace = 14_031;

/**
 * Runs the import command of a community, with its store (JCU_STORE_URI) and its sources. The policy is `given`, or
 * else the signed bundle in force. Exits with 0 if all records were imported, 1 after a failure, 2 if some were
 * rejected, and 3 if one was classified.
 */
export async function runImport(
  community: CommunityPart,
  sources: readonly Source[],
  given?: Policy,
): Promise<void> {
  endOnClosedPipe();
  try {
    process.exitCode = await importAll(community, sources, readRuns(community, sources, process.argv), given);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodes.failed;
  }
  // If the store is away, the driver still tries to connect in the background and would keep the process running.
  process.exit();
}

/** Executes the runs in order. Stops after the first one that fails or finds a classified record. */
async function importAll(
  community: CommunityPart,
  sources: readonly Source[],
  runs: readonly Run[],
  given: Policy | undefined,
): Promise<number> {
  const store = openStore(readOrThrow(storeSettings, process.env).storeUri, community.kinds, () => undefined);
  let announced: ReturnType<typeof announce> | null = null;
  let worst: number = exitCodes.allIn;
  try {
    await untilOpen(store, storeWaitMs);
    announced = announce(store, 'import');
    await announced.registered;
    const policy = given ?? (await policyOfRun(process.env, community.name, store));
    const keyAssigner =
      given === undefined
        ? followKeyState(store, versionsIn(policiesOf(store, patiently)), policy.source.version)
        : assignKeysBy(given);
    // By default Node lets the heap grow to hundreds of megabytes before it collects the garbage of a batch. Set earlier, it
    // makes the start slow: the policy is compiled first.
    setFlagsFromString('--memory-saver-mode');
    for (const run of runs) {
      const code = await importFiles(sources, run, { store, policy, keyAssigner });
      if (code === exitCodes.failed || code === exitCodes.classifiedMet) return code;
      worst = Math.max(worst, code);
    }
    return worst;
  } finally {
    await announced?.stop();
    await store.connection.close();
  }
}

type Into = { readonly store: CommunityStore; readonly policy: Policy; readonly keyAssigner: KeyAssigner };

/** Imports the files of a run, one kind after the other. Returns the worst exit code. */
async function importFiles(sources: readonly Source[], { paths, flags }: Run, into: Into): Promise<number> {
  const { chosen, empty } = await chooseFiles(sources, paths, flags.source);
  for (const file of empty) process.stdout.write(`${file}: an empty answer, no records\n`);
  let worst: number = exitCodes.allIn;
  for (const one of chosen) {
    const code = await importChosen(one, flags, into);
    if (code === exitCodes.failed || code === exitCodes.classifiedMet) return code;
    worst = Math.max(worst, code);
  }
  return worst;
}

async function importChosen({ source, files }: Chosen, flags: Flags, into: Into): Promise<number> {
  const defaults = withFlags(source.defaults, flags);
  const target = new Target(into.store, source.name, defaults.exercise, into.keyAssigner);
  if (flags.preview === true) {
    const preview = new PreviewTarget(into.policy, {
      loadActors: async () => await target.loadActors(),
      dryRun: async (batch) => await target.dryRun(batch),
      isOlder: async (edition, originator) => await target.isOlder(edition, originator),
    });
    const code = await runOne(source, files, defaults, preview, flags);
    printOpened(preview.opened());
    return code;
  }
  await target.prepare();
  const isImported = await importAllNames(source, files, target, flags);
  return isImported ? await runOne(source, files, defaults, target, flags) : exitCodes.classifiedMet;
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
  const alarm = printAlarm;
  const started = performance.now();
  const print = (report: IngestReport) =>
    printSummary(source, report, performance.now() - started, rejects.path);
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
    if (error instanceof Interrupted) print(error.report);
    throw error;
  });
  print(report);
  if (report.classified > 0) return exitCodes.classifiedMet;
  if (report.broken.length > 0) return exitCodes.failed;
  return report.rejected > 0 ? exitCodes.someRejected : exitCodes.allIn;
}

/** Imports aliases before the records that need them. Returns false if the alias file is classified. */
async function importAllNames(
  source: Source,
  files: readonly string[],
  target: Target,
  flags: Flags,
): Promise<boolean> {
  if (flags.aliases !== undefined) {
    await using rejects = openRejectsOf(source, flags, new Date());
    if (!(await importNames({ target, rejects, alarm: printAlarm }, flags.aliases))) return false;
  }
  if (source.aliases !== true) return true;
  for (const file of files) await importOwnNames(target, file, source.locate, printAlarm);
  return true;
}

function openRejectsOf(source: Source, flags: Flags, at: Date) {
  const stamp = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return openRejects(join(flags.rejects, `${source.name}-${stamp}.rejects.jsonl`));
}

function printOpened(rows: readonly Counted[]): void {
  for (const { what, records, examples } of rows)
    process.stdout.write(`would open ${records}: ${what} (such as ${examples[0] ?? 'none'})\n`);
  process.stdout.write('this is a preview: nothing was written\n');
}

function printAlarm(message: string): void {
  process.stderr.write(`${message}\n`);
}

function printSummary(source: Source, report: IngestReport, ms: number, rejectsPath: string): void {
  for (const line of formatSummary(source.name, report, ms, rejectsPath)) process.stdout.write(`${line}\n`);
  for (const line of report.broken) process.stderr.write(`not read to the end: ${line}\n`);
}

/** Formats a failure for the operator, and how to continue. */
function explain(failure: unknown): string {
  const error = failure instanceof Interrupted ? failure.cause : failure;
  const again =
    failure instanceof Interrupted
      ? ' Finished batches are kept: run the same command again to continue.'
      : '';
  return `${describeError(error)}${again}`;
}

function describeError(error: unknown): string {
  const { name = '', message = String(error) } = error as Partial<Error>;
  const { code } = error as { readonly code?: unknown };
  if (code === 'ENOSPC' || code === outOfDiskSpace || /no space left|OutOfDiskSpace/i.test(message))
    return `The disk is full (${message}): free some space.`;
  if (code === 'EACCES') return `${message}: expected a file or folder with read and write permission.`;
  if (name.startsWith('Mongo') || error instanceof StoreLost || error instanceof DeadlineExceeded)
    return `The community's store does not answer (${message}): check that it runs.`;
  return message;
}
