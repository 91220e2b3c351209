import { type ChildProcess, spawn } from 'node:child_process';
import { watchFolder } from './progress.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Thrown when a command does not exist: another name for it may work. */
export class NoSuchCommand extends Error {
  override readonly name = 'NoSuchCommand';
}

/** Runs a command and waits for it. Rejects with the last lines of its output if it fails. */
export async function runCommand(command: readonly string[], env: Env, watched?: Watched): Promise<void> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  await settle(child, file, watched);
}

/** A download to watch: the folder it writes to, a callback for its size, and the longest time without new bytes. */
export type Watched = {
  readonly folder: string;
  readonly onBytes: (bytes: number) => void;
  readonly silenceMs: number;
};

/** Waits for a child process; kills it if no byte arrives for too long. Rejects with the last lines of its output. */
export async function settle(child: ChildProcess, name: string, watched?: Watched): Promise<void> {
  let output = '';
  const append = (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-2000));
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  const watch = watched && watchSilence(child, watched);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) => reject(asNoSuchCommand(error, name)));
      child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else if (code === 127) reject(new NoSuchCommand(lastLines(output)));
        else
          reject(new Error(watch?.silent() ?? `${name} ended with ${code ?? signal}: ${lastLines(output)}`));
      });
    });
  } finally {
    watch?.stop();
  }
}

function watchSilence(child: ChildProcess, { folder, onBytes, silenceMs }: Watched) {
  let size = 0;
  let silence: string | undefined;
  let grew = Date.now();
  const stop = watchFolder(folder, (bytes) => {
    if (bytes !== size) grew = Date.now();
    size = bytes;
    onBytes(bytes);
    if (Date.now() - grew < silenceMs) return;
    silence = `received no byte within ${silenceMs / 1000} s`;
    child.kill();
  });
  return { stop, silent: () => silence };
}

function asNoSuchCommand(error: Error, name: string): Error {
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? new NoSuchCommand(`found no ${name}`) : error;
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-3).join('; ');
}
