import { Presets, SingleBar } from 'cli-progress';
import { bytesUnder } from './files.ts';

/** A progress display: `at` sets the bytes received so far. */
export type Progress = { at(bytes: number): void; done(): void };

const lineMs = 5000;

/**
 * Shows the progress of a download from its first byte: a bar with rate and remaining time on a terminal, otherwise a line
 * every 5 s.
 */
export function startProgress(label: string, total: number, report: (line: string) => void): Progress {
  let shown: Progress | undefined;
  return {
    at: (bytes) => {
      if (bytes === 0) return;
      shown ??= process.stderr.isTTY
        ? drawBar(label, total, Date.now())
        : reportLines(label, total, Date.now(), report);
      shown.at(bytes);
    },
    done: () => shown?.done(),
  };
}

/** Calls `onBytes` with the size of a folder about 5 times a second. Returns a function that stops it. */
export function watchFolder(folder: string, onBytes: (bytes: number) => void): () => void {
  let measuring = false;
  const measure = async () => {
    if (measuring) return;
    measuring = true;
    onBytes(await bytesUnder(folder));
    measuring = false;
  };
  const timer = setInterval(() => void measure(), 200);
  return () => clearInterval(timer);
}

function drawBar(label: string, total: number, started: number): Progress {
  const format = `${label} {bar} {percentage}% of ${megabytes(total)} MB, {how}`;
  const bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic);
  bar.start(total, 0, { how: 'starting' });
  return {
    at: (bytes) => bar.update(Math.min(bytes, total), { how: describeRate(bytes, total, started) }),
    done: () => bar.stop(),
  };
}

function reportLines(
  label: string,
  total: number,
  started: number,
  report: (line: string) => void,
): Progress {
  let reported = started;
  return {
    at: (bytes) => {
      if (Date.now() - reported < lineMs) return;
      reported = Date.now();
      const percent = Math.floor((Math.min(bytes, total) / total) * 100);
      report(`${label}: ${percent} % of ${megabytes(total)} MB, ${describeRate(bytes, total, started)}`);
    },
    done: () => undefined,
  };
}

function describeRate(bytes: number, total: number, started: number): string {
  const perSecond = bytes / Math.max((Date.now() - started) / 1000, 0.2);
  return `${megabytes(perSecond)} MB/s, ${Math.ceil(Math.max(total - bytes, 0) / perSecond)} s left`;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
