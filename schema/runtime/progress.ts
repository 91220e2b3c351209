import { Presets, SingleBar } from 'cli-progress';

/** Shows the progress of an import to a person, by the bytes of its input. */
export type Progress = {
  /** Adds bytes that were read. */
  read(bytes: number): void;
  /** Sets the number of records so far. */
  records(count: number): void;
  stop(): void;
};

const lineEveryMs = 3000;

/**
 * Shows a bar with rate and remaining time on a terminal, otherwise a line every 3 seconds.
 *
 * @param now returns the time in milliseconds
 */
export function showProgress(
  title: string,
  totalBytes: number,
  stream: NodeJS.WriteStream,
  now: () => number,
): Progress {
  return stream.isTTY ? showBar(title, totalBytes, stream, now) : showLines(title, totalBytes, stream, now);
}

/** Shows nothing. */
export const noProgress: Progress = { read: ignore, records: ignore, stop: ignore };

function showBar(title: string, totalBytes: number, stream: NodeJS.WriteStream, now: () => number): Progress {
  const format = `${title} {bar} {percentage}% {records} records, {rate} records/s, {left} s left`;
  const bar = new SingleBar({ format, stream, hideCursor: true }, Presets.shades_classic);
  const started = now();
  let bytes = 0;
  bar.start(totalBytes, 0, { records: 0, rate: 0, left: '?' });
  return {
    read: (count) => bar.update((bytes += count)),
    records: (records) => {
      const ms = now() - started;
      // The bar's own estimate uses its last updates, and most of them add no bytes.
      bar.update(bytes, { records, rate: rateOf(records, ms), left: secondsLeft(ms, bytes, totalBytes) });
    },
    stop: () => bar.stop(),
  };
}

function showLines(
  title: string,
  totalBytes: number,
  stream: NodeJS.WriteStream,
  now: () => number,
): Progress {
  const started = now();
  let last = started;
  let bytes = 0;
  return {
    read: (count) => {
      bytes += count;
    },
    records: (records) => {
      if (now() - last < lineEveryMs) return;
      last = now();
      const left = secondsLeft(last - started, bytes, totalBytes);
      const percent = totalBytes === 0 ? 100 : Math.floor((bytes / totalBytes) * 100);
      const rate = rateOf(records, last - started);
      stream.write(`${title}: ${percent}%, ${records} records, ${rate} records/s, ${left} s left\n`);
    },
    stop: ignore,
  };
}

function secondsLeft(ms: number, bytes: number, totalBytes: number): number {
  return bytes === 0 ? 0 : Math.round(((ms / bytes) * (totalBytes - bytes)) / 1000);
}

function rateOf(records: number, ms: number): number {
  return ms === 0 ? 0 : Math.round((records / ms) * 1000);
}

function ignore(): void {
  // Nothing to show.
}
