import { Presets, SingleBar } from 'cli-progress';
import { bytesUnder } from './files.ts';

export type Progress = { at(bytes: number): void; done(): void };

const lineMs = 5000;

/**
 * Shows how a download goes, from its first byte on: a bar with rate and remaining time on a terminal, a plain line
 * every 5 s elsewhere.
 */
export function startProgress(label: string, total: number, report: (line: string) => void): Progress {
  let shown: Progress | undefined;
  return {
    at: (bytes) => {
      if (bytes === 0) return;
      shown ??= process.stderr.isTTY
        ? drawBar(label, total, Date.now())
        : sayLines(label, total, Date.now(), report);
      shown.at(bytes);
    },
    done: () => shown?.done(),
  };
}

/** Tells the bytes under a folder about 5 times a second, until it is stopped. */
export function watchFolder(folder: string, tell: (bytes: number) => void): () => void {
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    tell(await bytesUnder(folder));
    looking = false;
  };
  const timer = setInterval(() => void look(), 200);
  return () => clearInterval(timer);
}

function drawBar(label: string, total: number, started: number): Progress {
  const format = `${label} {bar} {percentage}% of ${megabytes(total)} MB, {how}`;
  const bar = new SingleBar({ format, hideCursor: true }, Presets.shades_classic);
  bar.start(total, 0, { how: 'beginning' });
  return {
    at: (bytes) => bar.update(Math.min(bytes, total), { how: describeRate(bytes, total, started) }),
    done: () => bar.stop(),
  };
}

function sayLines(label: string, total: number, started: number, report: (line: string) => void): Progress {
  let said = started;
  return {
    at: (bytes) => {
      if (Date.now() - said < lineMs) return;
      said = Date.now();
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
