import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CommunityPart } from '../graph/community.ts';
import { type Progress as Shown, showProgress } from '../../../schema/runtime/progress.ts';
import { contract, migrate, migratedKinds, type MigrateOptions } from '../migrate/migrate.ts';
import { type KindPreview, previewMigration } from '../migrate/preview.ts';
import type { CommunityStore } from '../store/store.ts';
import { type Progress, readLease } from '../store/walk/lease.ts';
import { type Held, underLease } from '../store/walk/under-lease.ts';
import { printLine, withStore } from './with-store.ts';

type Flags = { readonly preview?: boolean; readonly contract?: boolean; readonly json?: boolean };

/** Exit codes of the command. */
export const migrateCodes = { done: 0, failed: 1, someLeft: 2 } as const;

const lookAgainMs = 1000;

/** Adds the command that migrates a community's documents to the version of its program. */
export function addMigrate(program: Command, community: CommunityPart): void {
  program
    .command('migrate')
    .description(
      "migrate the community's documents to the version of this program; safe to stop and run again at any time",
    )
    .option('--preview', 'count the documents that would change, and change nothing')
    .option(
      '--contract',
      'then remove the fields of older versions; refused if an older program used the store in the last minute',
    )
    .option('--json', 'with --preview: print JSON')
    .addHelpText(
      'after',
      `\nExit codes: 0 every record has this version, 1 failed or refused, 2 some records could not be migrated.\n\n` +
        `Example:\n  npx hub migrate ${community.name} --preview\n  npx hub migrate ${community.name}\n` +
        `  npx hub migrate ${community.name} --contract    # after all older programs are stopped`,
    )
    .action(async (flags: Flags) => {
      process.exitCode = await withStore(community, async (store) =>
        flags.preview === true
          ? await printPreview(store, community, flags)
          : await run(store, community, flags),
      );
    });
}

async function printPreview(store: CommunityStore, { name }: CommunityPart, flags: Flags): Promise<number> {
  const preview = await previewMigration(store);
  if (flags.json === true) printLine(JSON.stringify(preview, null, 2));
  else for (const line of formatPreview(name, preview)) printLine(line);
  return migrateCodes.done;
}

/** Formats the preview of a migration as lines of text. */
export function formatPreview(community: string, preview: readonly KindPreview[]): readonly string[] {
  if (preview.length === 0) return [`${community}: there is nothing to migrate`];
  const lines = preview.flatMap(({ kind, version, because, behind, unshed, newer, unreadable }) => [
    `${kind}: ${behind} would be migrated to version ${version} (${because.join('; ')})`,
    ...(unshed > 0 ? [`${kind}: ${unshed} have fields of older versions: --contract removes them`] : []),
    ...(newer > 0
      ? [`${kind}: ${newer} are newer than this program, which can read ${newer - unreadable} of them`]
      : []),
  ]);
  return [...lines, 'this is a preview: nothing was written'];
}

/** Migrates under the lease. If another process has it, prints that one's progress and waits. */
async function run(store: CommunityStore, { name }: CommunityPart, flags: Flags): Promise<number> {
  if (migratedKinds(store).length === 0) {
    printLine(`${name}: there is nothing to migrate`);
    return migrateCodes.done;
  }
  const holder = randomUUID();
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () =>
      stopped.abort(new Error('stopped; finished work is kept: run the command again to continue')),
    );
  let isWaiting = false;
  for (;;) {
    const code = await underLease(
      store,
      'migrate',
      holder,
      async (held) => await work(store, name, flags, held, stopped.signal),
    );
    if (code !== null) return code;
    const lease = await readLease(store, 'migrate');
    if (!isWaiting)
      printLine(
        `${name}: another process migrates these records (${formatProgress(lease?.progress ?? null)}); waiting for it`,
      );
    isWaiting = true;
    await pause(lookAgainMs, undefined, { signal: stopped.signal }).catch(() =>
      stopped.signal.throwIfAborted(),
    );
  }
}

async function work(
  store: CommunityStore,
  name: string,
  flags: Flags,
  held: Held,
  stopped: AbortSignal,
): Promise<number> {
  const shown = showSteps(name);
  const signal = AbortSignal.any([held.signal, stopped]);
  const options: MigrateOptions = {
    signal,
    progress: (progress) => {
      held.progress(progress);
      shown.step(progress);
    },
  };
  try {
    const { migrated, failed } = await migrate(store, options);
    shown.stop();
    printLine(`${name}: ${migrated} records migrated`);
    for (const { what, records, examples } of failed)
      process.stderr.write(
        `${name}: ${records} could not be migrated: ${what} (such as ${examples[0] ?? 'none'})\n`,
      );
    if (failed.length > 0) return migrateCodes.someLeft;
    if (flags.contract !== true) return migrateCodes.done;
    printLine(`${name}: contracting; requests of older programs have half a minute to end`);
    const changed = await contract(store, options);
    shown.stop();
    printLine(`${name}: contracted; fields of older versions were removed from ${changed} records`);
    return migrateCodes.done;
  } catch (error) {
    // Report the reason of the abort, not the AbortError of an interrupted pause.
    signal.throwIfAborted();
    throw error;
  } finally {
    shown.stop();
  }
}

/** Shows the progress of each walk: a bar on a terminal, otherwise a line every few seconds. */
function showSteps(name: string) {
  let shown: Shown | null = null;
  let before: Progress | null = null;
  const stop = () => {
    shown?.stop();
    [shown, before] = [null, null];
  };
  return {
    step: (progress: Progress) => {
      if (before !== null && (before.step !== progress.step || before.done > progress.done)) stop();
      const title = `${name}, ${progress.step} fields`;
      shown ??= showProgress(title, progress.all, process.stderr, () => performance.now());
      shown.read(progress.done - (before?.done ?? 0));
      shown.records(progress.done);
      before = progress;
    },
    stop,
  };
}

function formatProgress(progress: Progress | null): string {
  return progress === null
    ? 'just started'
    : `${progress.step} fields, ${progress.done} of ${progress.all} records done`;
}
