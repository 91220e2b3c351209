import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The parsed value of a file that is read again when it changes. */
export type Watched<Value> = { readonly current: () => Value; stop(): void };

/**
 * Reads a file, and again each second, so that keys can change without a restart. Rejects if the first read or parse
 * fails. If the file is missing or malformed later, the old value stays. Polls instead of listening for events, because
 * events miss a mounted file that is replaced through a symbolic link.
 *
 * @param on `change` gets each new value; `fault` gets the error of a missing or malformed file, once for each content
 */
export async function watchFile<Value>(
  file: string,
  parse: (text: string) => Value | Promise<Value>,
  on: { readonly change: (value: Value) => void; readonly fault: (error: unknown) => void },
  everyMs = 1000,
): Promise<Watched<Value>> {
  let text: string | null = readFileSync(file, 'utf8');
  let value = await parse(text);
  let reading = false;
  let stopped = false;
  const poll = async () => {
    const found = await readFile(file, 'utf8').catch(() => null);
    if (stopped || found === text) return;
    text = found;
    if (found === null) throw new Error(`${file} cannot be read; the last valid content stays in use`);
    value = await parse(found);
    on.change(value);
  };
  const timer = setInterval(() => {
    if (reading) return;
    reading = true;
    void poll()
      .catch(on.fault)
      .finally(() => (reading = false));
  }, everyMs).unref();
  const stop = () => {
    stopped = true;
    clearInterval(timer);
  };
  return { current: () => value, stop };
}
