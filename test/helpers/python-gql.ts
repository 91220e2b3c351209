import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The release of Python's `gql` that the tests use. */
export const requirement = 'gql[requests]==4.0.0';

/** A Python that has `gql`, or the reason why there is none. */
export type PythonGql = { readonly python: string } | { readonly missing: string };

const folder = join(import.meta.dirname, '..', '..', '.cache', 'python-gql-4.0.0');
const installMs = 240_000;

/** Finds a Python with `gql`. The first time, installs it with pip into a virtual environment in `.cache/`. */
export async function findPythonGql(): Promise<PythonGql> {
  const python = join(folder, 'bin', 'python');
  if (existsSync(python) && (await hasGql(python))) return { python };
  try {
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', requirement];
    await run(python, pip, { timeout: installMs });
    return { python };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { missing: `pip could not install ${requirement}: ${reason}` };
  }
}

async function hasGql(python: string): Promise<boolean> {
  return await run(python, ['-c', 'import gql, requests']).then(
    () => true,
    () => false,
  );
}
