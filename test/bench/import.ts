import type { ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { geometricMean, round, table } from './figures.ts';
import { type Bare, insertBare } from './import/bare.ts';
import { type Grown, growFiles, haveRealFiles, type RealFiles, realFiles } from './import/real-files.ts';
import { type Imported, runImport } from './import/run-import.ts';
import { Place, logProgress } from './place.ts';

const help = `Measures the import of each source: records and documents per second and peak memory, compared with insertMany.

  npm run bench:import -- [options]

  --times N      multiples of the real files (1, 10 and 100); may be given more than once
  --source NAME  only this source: ${realFiles.map(({ name }) => name).join(', ')}; may be given more than once
  --quick        the real files once, to check that the bench works
  --json FILE    all figures as JSON
  --help

Copies the public records in ../shared/data with other ids into a temporary folder (some GB, removed at the end). Each
import is a separate process with a fresh embedded store. Then the same documents are read back and inserted with
insertMany, into collections with the same indexes, under the same write concern. Uses loopback only.

Examples:
  npm run bench:import -- --quick
  npm run bench:import -- --times 100 --source cisa-kev
  npm run bench:import -- --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    times: { type: 'string', multiple: true },
    source: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

type Measured = {
  readonly name: string;
  readonly times: number;
  readonly grown: Pick<Grown, 'records' | 'bytes'>;
  readonly imported: Imported;
  readonly bare: Bare;
  /** Documents per second of the import, divided by those of the bare insert. */
  readonly ratio: number;
};

/** Measures every source at every size and reports. */
async function main(): Promise<void> {
  if (!haveRealFiles()) {
    process.stderr.write('bench:import needs the public records in ../shared/data, which are not there\n');
    process.exitCode = 1;
    return;
  }
  await using place = new Place('bench-import');
  const measured: Measured[] = [];
  for (const times of (flags.times ?? (flags.quick ? ['1'] : ['1', '10', '100'])).map(Number)) {
    for (const files of realFiles.filter(({ name }) => flags.source?.includes(name) ?? true)) {
      measured.push(await measureOne(place, files, times));
    }
  }
  report(measured);
}

async function measureOne(place: Place, files: RealFiles, times: number): Promise<Measured> {
  const folder = join(place.folder, `${files.name}-${times}`);
  const { path, ...grown } = await growFiles(files, times, join(folder, 'files'));
  const stores = await startStores({ home: join(folder, 'stores') });
  place.defer(async () => await stores.stop());
  try {
    const uri = stores.uris[files.into];
    const imported = await runImport(files, path, uri, join(folder, 'rejects'), (child: ChildProcess) =>
      place.defer(() => Promise.resolve(void child.kill())),
    );
    const bare = await insertBare(uri, files.into);
    const ratio = bare.documents / imported.ms / (bare.documents / bare.ms);
    const rate = round((bare.documents / imported.ms) * 1000);
    logProgress(
      `${files.name} x ${times}: ${bare.documents} documents, ${rate} a second, ${round(ratio)} of a bare insert`,
    );
    return { name: files.name, times, grown, imported, bare, ratio };
  } finally {
    await stores.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(measured: readonly Measured[]): void {
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify({ node: process.version, measured }, null, 2)}\n`);
  }
  const heads = ['source', 'times', 'MB', 'records', 'rejected', 'documents', 'import s', 'whole s', 'cpu s'];
  process.stdout.write(
    table(
      [...heads, 'records/s', 'docs/s', 'bare docs/s', 'ratio', 'peak MB'],
      measured.map(({ name, times, grown, imported, bare, ratio }) => [
        name,
        String(times),
        round(grown.bytes / 1e6),
        ...[grown.records, imported.rejected, bare.documents].map(String),
        ...[imported.ms, imported.wholeMs, imported.cpuMs ?? Number.NaN].map((ms) => round(ms / 1000)),
        ...[grown.records / imported.ms, bare.documents / imported.ms, bare.documents / bare.ms].map((rate) =>
          round(rate * 1000),
        ),
        round(ratio),
        round((imported.peakBytes ?? Number.NaN) / 1e6),
      ]),
    ),
  );
  const most = Math.max(...measured.map(({ times }) => times));
  const ratios = measured.filter(({ times }) => times === most).map(({ ratio }) => ratio);
  process.stdout.write(
    `\nRecords are those of the file. Documents are stored: records of the graph and their join rows. "whole" includes ` +
      `the start of the process and the creation of indexes.\n` +
      `bench:import: ${round(geometricMean(ratios))} x (documents per second against a bare insertMany of the same ` +
      `documents, ${most} times the real files, geometric mean over ${ratios.length} sources)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
