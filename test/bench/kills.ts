import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { deployment } from '../../docker/trial/home.ts';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { parseEntry } from '../../gateway/audit/parse-entry.ts';
import { readEntryKeys } from '../../gateway/audit/signature.ts';
import { verifyChain } from '../../gateway/audit/verify.ts';
import { hangUp } from './ask/client.ts';
import { Chance } from './ask/chance.ts';
import { type Acknowledged, Changes, marked } from './kills/changes.ts';
import { importedJudgement, Imports } from './kills/imports.ts';
import { Place, logProgress } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Kills a store repeatedly during changes and imports, and searches for lost data.

  npm run soak:kills -- [options]

  --kills N     number of kills (50); every fifth kills the hub's store, the others defence's store
  --seed N      seed for the times of the kills (1)
  --records N   records of each imported file (2000)
  --json FILE   all figures as JSON
  --help

Starts a trial with a database server for each store. Four operators create and change records through the hub, and repeat
a change that is not acknowledged under the same key. An import is repeated until its file is complete; then another file
changes all its records. At the end every acknowledged change must exist, each key must have made one record, each record
must have its join rows, each file all its records, and the audit log must be one chain with an intent for each change.
Uses loopback only; takes about ten minutes. Exits with 1 if anything is missing.

Example:
  npm run soak:kills -- --kills 5
`;

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    records: { type: 'string', default: '2000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  await using place = new Place('soak-kills');
  const home = join(place.folder, 'home');
  const trial = await startTrial({ home, port: 0, apart: true, env: unbounded });
  place.defer(async () => await trial.stop());
  let token = await tokenOf(trial);
  const renewing = setInterval(() => {
    tokenOf(trial).then(
      (next) => (token = next),
      () => undefined,
    );
  }, 60_000);
  const changes = new Changes(() => ({ url: trial.url, token }), 4);
  const imports = new Imports(trial.home.folder, trial.stores.uris.defence, Number(flags.records));
  const kills = await killAgainAndAgain(trial, changes);
  logProgress('waiting for the last changes and the last file');
  await Promise.all([changes.stop(), imports.stop()]);
  clearInterval(renewing);
  await hangUp();
  const found = await lookFor(trial, changes, imports);
  report({ kills, changes, imports, found });
}

async function tokenOf({ issuer, home }: Trial): Promise<string> {
  const who = { as: 'defence-operator', purpose: 'cyber-defence', picture: 'real' } as const;
  return (await fetchToken({ ...who, issuer, home: home.folder })).accessToken;
}

/** Each kill comes at a random time after an acknowledged change, during other changes. */
async function killAgainAndAgain(trial: Trial, changes: Changes): Promise<number> {
  const chance = new Chance(Number(flags.seed));
  const wanted = Number(flags.kills);
  for (let kill = 1; kill <= wanted; kill += 1) {
    const name = kill % 5 === 0 ? 'hub' : 'defence';
    await untilMore(changes);
    await pause(chance.below(2000));
    await trial.stores.killOne(name);
    await pause(chance.below(1500));
    await trial.stores.startOne(name);
    logProgress(
      `kill ${kill} of ${wanted} (${name}): ${changes.changes} changes acknowledged, ${changes.again} sent again`,
    );
  }
  await untilMore(changes);
  return wanted;
}

async function untilMore(changes: Changes): Promise<void> {
  const before = changes.changes;
  const end = Date.now() + 120_000;
  while (changes.changes === before) {
    if (Date.now() > end) throw new Error('no change was acknowledged for two minutes');
    await pause(50);
  }
}

/** The faults at the end, by their kind. */
type Found = {
  /** Acknowledged changes that are missing in the store. */
  readonly lost: readonly Acknowledged[];
  /** Keys with more than one record, or with no record. */
  readonly twice: number;
  /** Records without the join row of their vulnerability, and join rows without a record. */
  readonly dangling: number;
  /** Imported records that are missing, duplicated, or not as in the last file. */
  readonly imported: number;
  /** Acknowledged changes without an intent in the audit log; null if the chain is broken. */
  readonly withoutIntent: number | null;
};

async function lookFor(trial: Trial, changes: Changes, imports: Imports): Promise<Found> {
  await using client = await new MongoClient(trial.stores.uris.defence).connect();
  const db = client.db();
  type Row = { _id: string; content: { judgement: string }; envelope: { version: number; localId: string } };
  const all = await db.collection<Row>('defenceAssessments').find().toArray();
  const byId = new Map(all.map((row) => [row._id, row]));
  const lost = [...changes.acknowledged.values()].filter(({ id, version, judgement }) => {
    const row = byId.get(id);
    return row === undefined || row.envelope.version !== version || row.content.judgement !== judgement;
  });
  const made = all.filter(({ content }) => content.judgement.startsWith(marked));
  const links = await db.collection<{ record: string; kind: string }>('links').find().toArray();
  const linked = new Set(links.map(({ record }) => record));
  const unlinked = all.filter(({ _id }) => !linked.has(_id)).length;
  const orphans = links.filter(
    ({ kind, record }) => kind === 'DefenceAssessment' && !byId.has(record),
  ).length;
  const imported = all.filter(({ envelope }) => envelope.localId.startsWith('kills-'));
  const wrong = imported.filter(
    ({ content, envelope }) =>
      content.judgement !==
      importedJudgement(Number(envelope.localId.slice('kills-'.length)), imports.files - 1),
  );
  return {
    lost,
    twice: Math.abs(made.length - changes.acknowledged.size),
    dangling: unlinked + orphans,
    imported: wrong.length + Math.abs(imported.length - imports.records),
    withoutIntent: await countWithoutIntent(trial, changes),
  };
}

/** Checks that the audit log is one chain with at least one intent for each change. */
async function countWithoutIntent(trial: Trial, changes: Changes): Promise<number | null> {
  await using client = await new MongoClient(trial.stores.uris.hub).connect();
  const keys = readEntryKeys(readFileSync(trial.home.hubKeysFile, 'utf8'));
  const verdict = await verifyChain(readEntries(client.db(), deployment), { deployment, keys });
  if (!verdict.ok) return null;
  let intents = 0;
  for await (const { bytes } of readEntries(client.db(), deployment))
    if (parseEntry(bytes)?.kind === 'intent') intents += 1;
  return Math.max(0, changes.changes - intents);
}

function report(run: {
  readonly kills: number;
  readonly changes: Changes;
  readonly imports: Imports;
  readonly found: Found;
}): void {
  const { kills, changes, imports, found } = run;
  const figures = {
    kills,
    changes: changes.changes,
    records: changes.acknowledged.size,
    sentAgain: changes.again,
    refused: changes.refused,
    files: imports.files,
    brokenOff: imports.brokenOff,
    ...found,
  };
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(
    `${changes.changes} changes acknowledged on ${changes.acknowledged.size} records, ${changes.again} repeated\n` +
      `${imports.files} files of ${imports.records} records imported, ${imports.brokenOff} times interrupted\n` +
      `records made twice or not at all ${found.twice}, without their join rows ${found.dangling}, imported wrongly ` +
      `${found.imported}, changes without an intent ${found.withoutIntent ?? 'unknown: the chain is broken'}, refused ` +
      `${changes.refused.length}\n`,
  );
  const wrong =
    found.twice + found.dangling + found.imported + (found.withoutIntent ?? 1) + changes.refused.length;
  if (found.lost.length + wrong > 0) process.exitCode = 1;
  process.stdout.write(
    `soak:kills: ${found.lost.length} acknowledged changes lost (of ${changes.changes}, over ${kills} kills of a store)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
