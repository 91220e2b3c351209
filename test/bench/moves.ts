import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { deployment } from '../../docker/trial/home.ts';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { parseEntry } from '../../gateway/audit/parse-entry.ts';
import { readEntryKeys } from '../../gateway/audit/signature.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { verifyChain } from '../../gateway/audit/verify.ts';
import { Chance } from './ask/chance.ts';
import { hangUp } from './ask/client.ts';
import { Holds } from './moves/holds.ts';
import { type Found, lookForFaults } from './moves/look-for.ts';
import { logProgress, Place } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Kills the hub and the joint unit's subgraph repeatedly during moves, and searches for lost moves and notices.

  npm run soak:moves -- [options]

  --kills N     number of kills (20), of the hub and of the subgraph at random
  --seed N      seed for the times of the kills (1)
  --json FILE   all figures as JSON
  --help

Starts a trial. Police ask for holds through the hub, a CSIRT agrees, every second hold is lifted and the clock ends the
others. A move that is not acknowledged is sent again under the same key. At the end each acknowledged move must be in the
history once, each thread must stand where its history leads, each move and each end must have told the other side, no
deadline may have fired twice, and the audit log must be one chain with an intent for each move. Uses loopback only; takes
about ten minutes. Exits with 1 if anything is wrong.

Example:
  npm run soak:moves -- --kills 5
`;

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  await using place = new Place('soak-moves');
  const trial = await startTrial({ home: join(place.folder, 'home'), port: 0, env: unbounded });
  place.defer(async () => await trial.stop());
  const tokens = { asker: '', addressee: '' };
  const renew = async (): Promise<void> => {
    tokens.asker = await tokenOf(trial, 'europol-analyst', 'threat-analysis');
    tokens.addressee = await tokenOf(trial, 'fr-csirt-analyst', 'incident-response');
  };
  await renew();
  const renewing = setInterval(() => void renew().catch(() => undefined), 60_000);
  const sides = {
    asker: () => ({ url: trial.url, token: tokens.asker }),
    addressee: () => ({ url: trial.url, token: tokens.addressee }),
  };
  const holds = new Holds(sides, 4);
  const kills = await killAgainAndAgain(trial, holds);
  logProgress('waiting for the last moves');
  await holds.stop();
  clearInterval(renewing);
  await hangUp();
  const found = await lookAtTheEnd(trial, holds);
  report(kills, holds, found, await countWithoutIntent(trial, holds));
}

async function tokenOf({ issuer, home }: Trial, as: string, purpose: string): Promise<string> {
  return (await fetchToken({ as, purpose, picture: 'real', issuer, home: home.folder })).accessToken;
}

/** Each kill comes at a random time after an acknowledged move, during other moves. */
async function killAgainAndAgain(trial: Trial, holds: Holds): Promise<Readonly<Record<string, number>>> {
  const chance = new Chance(Number(flags.seed));
  const wanted = Number(flags.kills);
  const kills: Record<string, number> = { hub: 0, 'joint-unit': 0 };
  for (let kill = 1; kill <= wanted; kill += 1) {
    const name = chance.below(2) === 0 ? 'hub' : 'joint-unit';
    await untilMore(holds);
    await pause(chance.below(2000));
    await trial.parts.get(name)?.kill();
    await pause(chance.below(1500));
    await trial.restart(name);
    kills[name] = (kills[name] ?? 0) + 1;
    const { acknowledged, again } = holds;
    logProgress(
      `kill ${kill} of ${wanted} (${name}): ${acknowledged.length} moves acknowledged, ${again} sent again`,
    );
  }
  await untilMore(holds);
  return kills;
}

async function untilMore(holds: Holds): Promise<void> {
  const before = holds.acknowledged.length;
  const end = Date.now() + 120_000;
  while (holds.acknowledged.length === before) {
    if (Date.now() > end) throw new Error('no move was acknowledged for two minutes');
    await pause(50);
  }
}

/** Waits until the clock has ended the last hold, and looks for faults. Late timers have two minutes. */
async function lookAtTheEnd(trial: Trial, holds: Holds): Promise<Found> {
  const ends = [...holds.lapsing.values()].map((end) => end.getTime());
  const last = Math.max(Date.now(), ...ends);
  logProgress(`waiting ${Math.ceil((last - Date.now()) / 1000)} s for the end of the last hold`);
  await pause(last - Date.now());
  await using client = await new MongoClient(trial.stores.uris['joint-unit']).connect();
  const end = Date.now() + 120_000;
  for (;;) {
    const found = await lookForFaults(client.db(), holds, new Date());
    if ((found.pending === 0 && found.untold.length === 0) || Date.now() > end) return found;
    await pause(500);
  }
}

/** Checks that the audit log is one chain with an intent for each move. Returns null if the chain is broken. */
async function countWithoutIntent(trial: Trial, { acknowledged }: Holds): Promise<number | null> {
  await using client = await new MongoClient(trial.stores.uris.hub).connect();
  const keys = readEntryKeys(readFileSync(trial.home.hubKeysFile, 'utf8'));
  if (!(await verifyChain(readEntries(client.db(), deployment), { deployment, keys })).ok) return null;
  let intents = 0;
  for await (const { bytes } of readEntries(client.db(), deployment))
    if (parseEntry(bytes)?.kind === 'intent') intents += 1;
  return Math.max(0, acknowledged.length - intents);
}

function report(
  kills: Readonly<Record<string, number>>,
  { acknowledged, lapsing, again, late, refused }: Holds,
  found: Found,
  withoutIntent: number | null,
): void {
  const moves = acknowledged.length;
  const figures = { kills, moves, ends: lapsing.size, again, late, refused, ...found, withoutIntent };
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(
    `${moves} moves acknowledged, ${again} requests sent again, ${late} moves after the end of their hold\n` +
      `${lapsing.size} holds ended by the clock; made twice ${found.twice}, torn ${found.torn}, not told ${found.untold.length}, ` +
      `told twice ${found.toldTwice}, timers that did not fire ${found.pending}, without an intent ` +
      `${withoutIntent ?? 'unknown: the chain is broken'}, refused ${refused.length}\n`,
  );
  for (const line of [...found.untold, ...refused].slice(0, 10)) process.stdout.write(`  ${line}\n`);
  const { lost, twice, torn, untold, toldTwice, pending } = found;
  const wrong = lost + twice + torn + untold.length + toldTwice + pending + refused.length;
  if (wrong + (withoutIntent ?? 1) > 0) process.exitCode = 1;
  const of = `of ${moves}, over ${kills['hub']} kills of the hub and ${kills['joint-unit']} of the subgraph`;
  process.stdout.write(`soak:moves: ${lost} acknowledged moves lost (${of})\n`);
}

if (flags.help) process.stdout.write(help);
else await main();
