import { watch } from 'node:fs';
import { join } from 'node:path';
import { communities } from '../../schema/record/vocabulary.ts';
import type { Trial } from './trial.ts';

type Options = {
  /** The folder whose sources are watched: the repository. */
  readonly root: string;
  /** Stops a part if it runs and starts it again. */
  readonly restart: (part: string) => Promise<void>;
  readonly report: (line: string) => void;
};

/** Editors and `git checkout` write several files at once: changes within this time cause one restart. */
const settleMs = 200;

/** Restarts the parts of a running trial when their source files change. Dispose it before the trial stops. */
export function watchTrial(trial: Trial, report: (line: string) => void): AsyncDisposable {
  report('watching gateway, schema, subgraphs and docker/trial/issuer for changes');
  const root = join(import.meta.dirname, '..', '..');
  const restart = async (part: string) => {
    await trial.parts.get(part)?.stop();
    await trial.restart(part);
  };
  return watchSources({ root, restart, report });
}

/** Watches the source folders and restarts the parts that a change affects, one change at a time. */
export function watchSources({ root, restart, report }: Options): AsyncDisposable {
  const affected = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let restarting = Promise.resolve();
  const restartAffected = async () => {
    const parts = [...affected];
    affected.clear();
    await Promise.all(parts.map(async (part) => await restartPart(part, restart, report)));
  };
  const watchers = watched.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_event, name) => {
      const file = `${folder}/${String(name).replaceAll('\\', '/')}`;
      if (isPolicyFile(file)) report(`${file} changed: raise the policy's version and start the trial again`);
      for (const part of partsAffectedBy(file)) affected.add(part);
      clearTimeout(timer);
      timer = setTimeout(() => {
        restarting = restarting.then(restartAffected);
      }, settleMs);
    }),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await restarting;
    },
  };
}

const watched = ['gateway', 'schema', 'subgraphs', 'docker/trial/issuer'] as const;

/** Returns the parts of the trial that run code of this file (a path from the root of the repository). */
export function partsAffectedBy(file: string): readonly string[] {
  if (!/\.(ts|graphql)$/.test(file)) return [];
  const [top, folder = ''] = file.split('/');
  if (top === 'gateway') return ['hub'];
  if (top === 'schema') return ['hub', 'issuer', ...communities];
  if (top === 'docker') return ['issuer'];
  return folder === 'serve' ? communities : communities.filter((one) => one === folder);
}

/** The policy's files are signed once, at the start of the trial. */
function isPolicyFile(file: string): boolean {
  return /^schema\/policy\/[^/]+\.yaml$/.test(file);
}

async function restartPart(
  part: string,
  restart: Options['restart'],
  report: Options['report'],
): Promise<void> {
  const start = performance.now();
  try {
    await restart(part);
    report(`${part}: restarted in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  } catch (error) {
    report(`${part} does not run; it is started again at the next change:`);
    report(error instanceof Error ? error.message : String(error));
  }
}
