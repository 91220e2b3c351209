import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { kinds } from '../../subgraphs/cert-eu/records.ts';
import { beginKeyState, readKeyState } from '../../subgraphs/serve/store/key-state.ts';
import { relabel, type Relabelling, type RelabelOptions } from '../../subgraphs/serve/relabel/relabel.ts';
import { followServed } from '../../subgraphs/serve/relabel/served.ts';
import { type CommunityStore, openStore } from '../../subgraphs/serve/store/store.ts';
import { readerOf } from '../helpers/records.ts';
import { versionsOf, versionWithout } from '../helpers/versions.ts';
import { fillStore } from './ask/fill.ts';
import { groups } from './ask/markings.ts';
import { worldOf } from './ask/world.ts';
import { percentile, round, table } from './figures.ts';
import { Place, logProgress } from './place.ts';
import { type Asked, type Asking, askOn, nothingAsked } from './relabel/asking.ts';
import { knowList } from './relabel/known.ts';

const help = `Measures a policy change on a full store: its duration, and its effect on requests.

  npm run bench:relabel -- [options]

  --records N   records in the store (1000000)
  --askers N    concurrent clients, each with a pause of 20 ms between requests (2)
  --rest X      pause of the job after a batch, in batch durations (1, as in a subgraph)
  --json FILE   all figures as JSON
  --help

Starts a separate store in a temporary folder. Uses loopback only. The old version does not open AMBER to recipients for
their purpose; the new one does not open GREEN to the community. Readers therefore gain and lose access. Requests of four
readers (pages of 50, first and at random positions, and records by id) use a subgraph's loaders in the process that
relabels, before, during and after it. Each answer is compared with the envelopes of all records. Exits with 1 if a reader
got more or less than all versions in force permit. Takes over an hour for 1000000 records on two cores.

Example:
  npm run bench:relabel -- --records 20000 --json relabel.json
`;

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    askers: { type: 'string', default: '2' },
    rest: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const now = new Date('2026-11-24T12:00:00Z');
const { version } = readPolicy().source;
const older = versionWithout(version, 'J04');
const newer = versionWithout(version + 1, 'J03');
const quietMs = 30_000;
const readers = [
  ['analyst of cert-eu', readerOf({ subject: 'u-a', organisation: 'cert-eu', roles: ['cert-eu-analyst'] })],
  ['analyst of a CSIRT', readerOf({ subject: 'u-b' })],
  [
    'in 60 groups',
    readerOf({ subject: 'u-c', organisation: 'csirt-pl', sharingGroups: groups.slice(0, 60) }),
  ],
  ['partner, CLEAR alone', readerOf({ subject: 'u-d', organisation: 'nordsee-energy', communities: [] })],
] as const;

type Phase = 'before' | 'adding' | 'leaving' | 'removing' | 'after';
type Seconds = Readonly<Record<'adding' | 'leaving' | 'removing', number>>;

async function main(records: number, askers: number): Promise<void> {
  await using place = new Place('bench-relabel');
  const stores = await startStores({ home: place.folder, report: logProgress });
  place.defer(async () => await stores.stop());
  const uri = stores.uris['cert-eu'];
  await fillStore(uri, 'cert-eu', worldOf(records), older);
  const store = openStore(uri, kinds, (error) => logProgress(String(error)));
  place.defer(async () => await store.connection.close());
  await store.connection.asPromise();
  await beginKeyState(store, version);
  logProgress('computing the rows of each reader under each version');
  const lists = [];
  for (const kind of ['Advisory', 'MispEvent'])
    lists.push(
      await knowList(
        store,
        kind,
        readers.map(([, reader]) => reader),
        now,
        older,
        newer,
      ),
    );

  let inForce = older;
  const policies = { current: () => ({ policy: inForce }) as never };
  const log = { warn: logProgress, error: logProgress };
  const served = followServed(store, policies, versionsOf(older, newer), log);
  place.defer(async () => await Promise.resolve(served.stop()));
  const asking: Asking = { store, lists, readers, now, older, newer, served: () => served.current() };
  while (served.current() === null) await pause(50);

  const phases: Record<Phase, Asked> = {
    before: nothingAsked(),
    adding: nothingAsked(),
    leaving: nothingAsked(),
    removing: nothingAsked(),
    after: nothingAsked(),
  };
  let phase: Phase = 'before';
  const over = new AbortController();
  const asked = Array.from({ length: askers }, async (_, at) => {
    await askOn(asking, at, over.signal, () => phases[phase]);
  });
  logProgress('requests before the change');
  await pause(quietMs);
  const load = loadavg()[0] ?? Number.NaN;
  const began = performance.now();
  inForce = newer;
  phase = 'adding';
  const times = { switched: began, left: began };
  let reported = 0;
  const job = untilDone(store, newer, {
    rest: Number(flags.rest),
    progress: ({ step, done, all }) => {
      if (step === 'removing' && phase !== 'removing') {
        logProgress(`removing the old access keys; ${formatPhase(phases.leaving)}`);
        phase = 'removing';
        times.left = performance.now();
      }
      if (Math.abs(done - reported) >= 50_000) logProgress(`${step} access keys: ${done} of ${all}`);
      if (Math.abs(done - reported) >= 50_000) reported = done;
    },
  });
  const watch = setInterval(() => {
    void readKeyState(store)
      .then((state) => {
        if (phase !== 'adding' || state?.serving === version) return;
        phase = 'leaving';
        times.switched = performance.now();
        logProgress(
          `switched after ${round((times.switched - began) / 1000)} s; ${formatPhase(phases.adding)}`,
        );
      })
      .catch((error: unknown) => logProgress(String(error)));
  }, 250);
  const written = await job;
  clearInterval(watch);
  const ended = performance.now();
  phase = 'after';
  await pause(quietMs);
  over.abort();
  await Promise.all(asked);
  const seconds: Seconds = {
    adding: (times.switched - began) / 1000,
    leaving: (times.left - times.switched) / 1000,
    removing: (ended - times.left) / 1000,
  };
  report({ records, askers, seconds, written, phases, load: [load, loadavg()[0] ?? Number.NaN] });
}

/** Relabels as a subgraph's job does: reports a failure and retries. Returns the counts of the last attempt. */
async function untilDone(
  store: CommunityStore,
  policy: Policy,
  options: RelabelOptions,
): Promise<Relabelling> {
  for (;;) {
    try {
      return await relabel(store, policy, options);
    } catch (error) {
      logProgress(`the job failed: ${String(error)}`);
      await pause(1000);
    }
  }
}

/** Formats the requests of a phase in one line. */
function formatPhase({ times, tooMany, tooFew, failed }: Asked): string {
  const all = [...times.values()].flat();
  const [p50, p99] = [0.5, 0.99].map((share) => round(percentile(all, share)));
  return `${all.length} requests, p50 ${p50} ms, p99 ${p99} ms; too many ${tooMany}, too few ${tooFew}, failed ${failed}`;
}

type Figures = {
  readonly records: number;
  readonly askers: number;
  readonly seconds: Seconds;
  readonly written: { readonly added: number; readonly cleaned: number };
  readonly phases: Readonly<Record<Phase, Asked>>;
  readonly load: readonly number[];
};

function report(figures: Figures): void {
  const { records, seconds, written, phases, load } = figures;
  const rows = Object.entries(phases).flatMap(([phase, { times }]) =>
    [...times, ['all', [...times.values()].flat()] as const].map(([reader, all]) => ({
      phase,
      reader,
      questions: all.length,
      p50: percentile(all, 0.5),
      p99: percentile(all, 0.99),
      most: percentile(all, 1),
    })),
  );
  const sum = (of: 'tooMany' | 'tooFew' | 'failed') =>
    Object.values(phases).reduce((total, phase) => total + phase[of], 0);
  const wrong = { tooMany: sum('tooMany'), tooFew: sum('tooFew'), failed: sum('failed') };
  if (flags.json !== undefined) {
    const all = {
      records,
      askers: figures.askers,
      node: process.version,
      load,
      seconds,
      written,
      wrong,
      rows,
    };
    writeFileSync(flags.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  for (const [phase, { why }] of Object.entries(phases))
    for (const [error, times] of why) logProgress(`${phase}: ${times} times ${error}`);
  const cells = rows.map(({ phase, reader, questions, p50, p99, most }) => [
    `${phase}: ${reader}`,
    String(questions),
    ...[p50, p99, most].map(round),
  ]);
  process.stdout.write(table(['milliseconds of a request', 'requests', 'p50', 'p99', 'max'], cells));
  const { adding, leaving, removing } = seconds;
  process.stdout.write(
    `access keys added in ${round(adding)} s (${written.added} records), pause after the switch ${round(leaving)} s, ` +
      `old access keys removed in ${round(removing)} s (${written.cleaned} records); load ${load.map(round).join(' and ')}\n`,
  );
  const p99 = (phase: Phase) =>
    rows.find((row) => row.phase === phase && row.reader === 'all')?.p99 ?? Number.NaN;
  process.stdout.write(
    `relabel: ${round(adding)} s (${records} records to the switch; p99 of a request ${round(p99('adding'))} ms ` +
      `meanwhile, ${round(p99('before'))} ms before; rows too many ${wrong.tooMany}, too few ${wrong.tooFew}, ` +
      `failed ${wrong.failed})\n`,
  );
  if (wrong.tooMany + wrong.tooFew + wrong.failed > 0) process.exitCode = 1;
}

const [records, askers] = [Number(flags.records), Number(flags.askers)];
if (flags.help) process.stdout.write(help);
else if (Number.isInteger(records) && records > 99 && askers > 0) await main(records, askers);
else {
  process.stderr.write(`--records: a whole number from 100 on, got ${flags.records}\n`);
  process.exitCode = 1;
}
