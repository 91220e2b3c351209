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
import { say, withStore } from './with-store.ts';

type Flags = { readonly preview?: boolean; readonly contract?: boolean; readonly json?: boolean };

/** How a migration ends, for whoever called it. */
export const migrateCodes = { done: 0, failed: 1, someLeft: 2 } as const;

const lookAgainMs = 1000;

/** Adds the command that brings a community's documents to the version of its program. */
export function addMigrate(program: Command, community: CommunityPart): void {
  program
    .command('migrate')
    .description(
      "bring the community's documents to the version of this program; it may be killed at any moment",
    )
    .option('--preview', 'count what would change, and change nothing')
    .option(
      '--contract',
      'then take away what only programs of older versions read: refused while one was there in the last minute',
    )
    .option('--json', 'with --preview: as JSON')
    .addHelpText(
      'after',
      `\nExit codes: 0 every record is of this version, 1 failed or refused, 2 some records could not be migrated.\n\n` +
        `Example:\n  npx hub migrate ${community.name} --preview\n  npx hub migrate ${community.name}\n` +
        `  npx hub migrate ${community.name} --contract    # when no older program runs any more`,
    )
    .action(async (flags: Flags) => {
      process.exitCode = await withStore(community, async (store) =>
        flags.preview === true
          ? await tellPreview(store, community, flags)
          : await run(store, community, flags),
      );
    });
}

async function tellPreview(store: CommunityStore, { name }: CommunityPart, flags: Flags): Promise<number> {
  const preview = await previewMigration(store);
  if (flags.json === true) say(JSON.stringify(preview, null, 2));
  else for (const line of sayPreview(name, preview)) say(line);
  return migrateCodes.done;
}

/** What a migration would do, a line each. */
export function sayPreview(community: string, preview: readonly KindPreview[]): readonly string[] {
  if (preview.length === 0) return [`${community}: no kind of its records has migrations`];
  const lines = preview.flatMap(({ kind, version, because, behind, unshed, newer, unreadable }) => [
    `${kind}: ${behind} would be migrated to version ${version} (${because.join('; ')})`,
    ...(unshed > 0 ? [`${kind}: ${unshed} bear what older versions read: --contract takes it away`] : []),
    ...(newer > 0
      ? [`${kind}: ${newer} are newer than this program, which can read ${newer - unreadable} of them`]
      : []),
  ]);
  return [...lines, 'a preview: nothing was written'];
}

/** Migrates under the lease; where another process has it, waits and tells how far that one is. */
async function run(store: CommunityStore, { name }: CommunityPart, flags: Flags): Promise<number> {
  if (migratedKinds(store).length === 0) {
    say(`${name}: no kind of its records has migrations`);
    return migrateCodes.done;
  }
  const holder = randomUUID();
  const told = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () =>
      told.abort(new Error('stopped; what was written stays: run it again, and it goes on from there')),
    );
  let said = false;
  for (;;) {
    const code = await underLease(
      store,
      'migrate',
      holder,
      async (held) => await work(store, name, flags, held, told.signal),
    );
    if (code !== null) return code;
    const lease = await readLease(store, 'migrate');
    if (!said)
      say(
        `${name}: another process migrates these records (${sayFar(lease?.progress ?? null)}); waiting for it`,
      );
    said = true;
    await pause(lookAgainMs, undefined, { signal: told.signal }).catch(() => told.signal.throwIfAborted());
  }
}

async function work(
  store: CommunityStore,
  name: string,
  flags: Flags,
  held: Held,
  told: AbortSignal,
): Promise<number> {
  const shown = showSteps(name);
  const signal = AbortSignal.any([held.signal, told]);
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
    say(`${name}: ${migrated} records migrated`);
    for (const { what, records, examples } of failed)
      process.stderr.write(`${name}: ${records} could not be: ${what} (such as ${examples[0] ?? 'none'})\n`);
    if (failed.length > 0) return migrateCodes.someLeft;
    if (flags.contract !== true) return migrateCodes.done;
    say(`${name}: contracting; readers of the older version have half a minute to end`);
    const shed = await contract(store, options);
    shown.stop();
    say(`${name}: contracted; ${shed} records bore what only older versions read`);
    return migrateCodes.done;
  } catch (error) {
    // Why it was stopped, not that a pause was.
    signal.throwIfAborted();
    throw error;
  } finally {
    shown.stop();
  }
}

/** Shows each walk through the records by itself: a bar on a terminal, a plain line every few seconds elsewhere. */
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

function sayFar(progress: Progress | null): string {
  return progress === null
    ? 'just begun'
    : `${progress.step} fields, ${progress.done} of ${progress.all} records looked at`;
}
