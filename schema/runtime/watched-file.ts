import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A file's value that follows the file. */
export type Watched<Value> = { readonly current: () => Value; stop(): void };

/**
 * Reads a file and reads it again each second, so that keys change without a restart. Rejects where it cannot be read
 * at first; later a file that is away or malformed changes nothing but the log: `onFault` is told once for each such
 * content, `onChange` of each new value. It is read, not watched for events, since these miss a file that is mounted
 * and swapped by a link.
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
  const look = async () => {
    const found = await readFile(file, 'utf8').catch(() => null);
    if (stopped || found === text) return;
    text = found;
    if (found === null) throw new Error(`${file} cannot be read`);
    value = await parse(found);
    on.change(value);
  };
  const timer = setInterval(() => {
    if (reading) return;
    reading = true;
    void look()
      .catch(on.fault)
      .finally(() => (reading = false));
  }, everyMs).unref();
  const stop = () => {
    stopped = true;
    clearInterval(timer);
  };
  return { current: () => value, stop };
}
