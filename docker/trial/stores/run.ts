import { type ChildProcess, spawn } from 'node:child_process';
import { watchFolder } from './progress.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The error of a command that could not be found: another name for it may do. */
export class NoSuchCommand extends Error {
  override readonly name = 'NoSuchCommand';
}

/** Runs a command to its end. Rejects with the last of its words when it fails. */
export async function runCommand(command: readonly string[], env: Env, watched?: Watched): Promise<void> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  await settle(child, file, watched);
}

/** A fetch that is watched: where its bytes arrive, who is told, and how long none may come. */
export type Watched = {
  readonly folder: string;
  readonly tell: (bytes: number) => void;
  readonly silenceMs: number;
};

/** Waits for a child's end, and ends it when no byte has arrived for too long. Rejects with the last of its words. */
export async function settle(child: ChildProcess, name: string, watched?: Watched): Promise<void> {
  let said = '';
  const hear = (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000));
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const watch = watched && watchSilence(child, watched);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(asNoSuchCommand(error, name)));
      child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else if (code === 127) reject(new NoSuchCommand(lastLines(said)));
        else reject(new Error(watch?.silent() ?? `${name} ended with ${code ?? signal}: ${lastLines(said)}`));
      });
    });
  } finally {
    watch?.stop();
  }
}

function watchSilence(child: ChildProcess, { folder, tell, silenceMs }: Watched) {
  let known = 0;
  let silence: string | undefined;
  let grew = Date.now();
  const stop = watchFolder(folder, (bytes) => {
    if (bytes !== known) grew = Date.now();
    known = bytes;
    tell(bytes);
    if (Date.now() - grew < silenceMs) return;
    silence = `no byte came within ${silenceMs / 1000} s`;
    child.kill();
  });
  return { stop, silent: () => silence };
}

function asNoSuchCommand(error: Error, name: string): Error {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? new NoSuchCommand(`no ${name} here`) : error;
}

function lastLines(said: string): string {
  return said.trim().split('\n').slice(-3).join('; ');
}
