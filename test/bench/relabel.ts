import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { kinds } from '../../subgraphs/cert-eu/records.ts';
import { beginLabelling, readLabelling } from '../../subgraphs/serve/store/labelling.ts';
import { relabel, type Relabelling, type RelabelOptions } from '../../subgraphs/serve/relabel/relabel.ts';
import { followServed } from '../../subgraphs/serve/relabel/served.ts';
import { type CommunityStore, openStore } from '../../subgraphs/serve/store/store.ts';
import { readerOf } from '../helpers/records.ts';
import { versionsOf, versionWithout } from '../helpers/versions.ts';
import { fillStore } from './ask/fill.ts';
import { groups } from './ask/markings.ts';
import { worldOf } from './ask/world.ts';
import { percentile, round, table } from './figures.ts';
import { Place, tell } from './place.ts';
import { type Asked, type Asking, askOn, nothingAsked } from './relabel/asking.ts';
import { knowList } from './relabel/known.ts';

const help = `Measures a change of the policy on a full store: how long it takes, and what questions notice.

  npm run bench:relabel -- [options]

  --records N   records in the store (1000000)
  --askers N    questions at once, each asked 20 ms after the one before (2)
  --rest X      how long the job rests after a batch, in batches (1, as a subgraph's)
  --json FILE   all figures as JSON
  --help

Starts a store of its own in a temporary folder, loopback only. The old version does not open AMBER to recipients for
their purpose, the new one does not open GREEN to the community, so that readers gain and lose. Questions (first pages and
pages at any place of 50, records by id, by four readers) run through a subgraph's loaders in the process that relabels,
before, while and after, each compared with what the envelopes of all records say. It ends with 1 where anybody was given
more than every version that binds allows, or less. An hour and more for 1000000 records on two cores.

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
  const stores = await startStores({ home: place.folder, report: tell });
  place.defer(async () => await stores.stop());
  const uri = stores.uris['cert-eu'];
  await fillStore(uri, 'cert-eu', worldOf(records), older);
  const store = openStore(uri, kinds, (error) => tell(String(error)));
  place.defer(async () => await store.connection.close());
  await store.connection.asPromise();
  await beginLabelling(store, version);
  tell('what each reader is given by each version');
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
  const log = { warn: tell, error: tell };
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
  tell('questions before');
  await pause(quietMs);
  const load = loadavg()[0] ?? Number.NaN;
  const began = performance.now();
  inForce = newer;
  phase = 'adding';
  const times = { switched: began, left: began };
  let told = 0;
  const job = untilDone(store, newer, {
    rest: Number(flags.rest),
    progress: ({ step, done, all }) => {
      if (step === 'removing' && phase !== 'removing') {
        tell(`old labels are removed; ${sayPhase(phases.leaving)}`);
        phase = 'removing';
        times.left = performance.now();
      }
      if (Math.abs(done - told) >= 50_000) tell(`${step} labels: ${done} of ${all}`);
      if (Math.abs(done - told) >= 50_000) told = done;
    },
  });
  const watch = setInterval(() => {
    void readLabelling(store)
      .then((state) => {
        if (phase !== 'adding' || state?.serving === version) return;
        phase = 'leaving';
        times.switched = performance.now();
        tell(`switched after ${round((times.switched - began) / 1000)} s; ${sayPhase(phases.adding)}`);
      })
      .catch((error: unknown) => tell(String(error)));
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

/** Relabels as a subgraph's job does: what fails is told, and tried again. Counts what the last try wrote. */
async function untilDone(
  store: CommunityStore,
  policy: Policy,
  options: RelabelOptions,
): Promise<Relabelling> {
  for (;;) {
    try {
      return await relabel(store, policy, options);
    } catch (error) {
      tell(`the job failed: ${String(error)}`);
      await pause(1000);
    }
  }
}

/** What the questions of a phase came to, in a line. */
function sayPhase({ times, tooMany, tooFew, failed }: Asked): string {
  const all = [...times.values()].flat();
  const [p50, p99] = [0.5, 0.99].map((share) => round(percentile(all, share)));
  return `${all.length} questions, p50 ${p50} ms, p99 ${p99} ms; too many ${tooMany}, too few ${tooFew}, failed ${failed}`;
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
    for (const [error, times] of why) tell(`${phase}: ${times} times ${error}`);
  const cells = rows.map(({ phase, reader, questions, p50, p99, most }) => [
    `${phase}: ${reader}`,
    String(questions),
    ...[p50, p99, most].map(round),
  ]);
  process.stdout.write(table(['milliseconds of a question', 'questions', 'p50', 'p99', 'most'], cells));
  const { adding, leaving, removing } = seconds;
  process.stdout.write(
    `labels added in ${round(adding)} s (${written.added} records), the switch waited out in ${round(leaving)} s, ` +
      `old labels removed in ${round(removing)} s (${written.cleaned} records); load ${load.map(round).join(' and ')}\n`,
  );
  const p99 = (phase: Phase) =>
    rows.find((row) => row.phase === phase && row.reader === 'all')?.p99 ?? Number.NaN;
  process.stdout.write(
    `relabel: ${round(adding)} s (${records} records to the switch; p99 of a question ${round(p99('adding'))} ms ` +
      `meanwhile, ${round(p99('before'))} ms before; seen more than both ${wrong.tooMany}, shut out ${wrong.tooFew}, ` +
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
