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
import { type Asker, hangUp } from './ask/client.ts';
import { compareTurns, type TurnFaults } from './moves/compare-turns.ts';
import { Holds } from './moves/holds.ts';
import { type Found, lookForFaults } from './moves/look-for.ts';
import { Traffic } from './moves/traffic.ts';
import { logProgress, Place } from './place.ts';
import { unbounded } from './unbounded.ts';

const help = `Kills the hub and the joint unit's subgraph repeatedly during moves, and searches for lost moves and notices.

  npm run soak:moves -- [options]

  --kills N     number of kills (20), of the hub and of the subgraph at random
  --seed N      seed for the times of the kills (1)
  --json FILE   all figures as JSON
  --help

Starts a trial. Police ask for holds through the hub, a CSIRT agrees, every second hold is lifted and the clock ends the
others. Meanwhile release requests, recalls, runs of procedures, mobilisations with bookings, agreements and duties to notify
are made from their first move to their last one. A move that is not acknowledged is sent again under the same key. At the end
each acknowledged move must be in the history once, each thread must stand where its history leads, each move and each end must
have told the other side, no deadline may have fired twice, and the audit log must be one chain with an intent for each move.
Each turn of another workflow must have left the same moves, states and notices as the first one, which is made before any
kill; no history may have a gap, and nobody may be booked twice at a time. Uses loopback only; takes about 15 minutes. Exits
with 1 if anything is wrong.

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
  const traffic = new Traffic(signInTo(trial));
  logProgress('making one turn of each workflow without kills');
  await traffic.begin();
  const holds = new Holds(sides, 4);
  const kills = await killAgainAndAgain(trial, holds, traffic);
  logProgress('waiting for the last moves');
  await Promise.all([holds.stop(), traffic.stop()]);
  clearInterval(renewing);
  await hangUp();
  const found = await lookAtTheEnd(trial, holds);
  await using client = await new MongoClient(trial.stores.uris['joint-unit']).connect();
  const turns = await compareTurns(client.db(), {
    whole: traffic.whole,
    acknowledged: traffic.mover.acknowledged,
  });
  const moves = holds.acknowledged.length + traffic.mover.acknowledged.length;
  report(kills, { holds, found }, { traffic, turns }, await countWithoutIntent(trial, moves));
}

/** Signs readers in, each again after a third of the lifetime of its token. */
function signInTo(trial: Trial): (as: string, purpose: string) => Promise<Asker> {
  const known = new Map<string, { readonly token: string; readonly at: number }>();
  return async (as, purpose) => {
    const key = `${as} ${purpose}`;
    const last = known.get(key);
    const isValid = last !== undefined && performance.now() - last.at < 300_000;
    const token = isValid ? last.token : await tokenOf(trial, as, purpose);
    if (!isValid) known.set(key, { token, at: performance.now() });
    return { url: trial.url, token };
  };
}

async function tokenOf({ issuer, home }: Trial, as: string, purpose: string): Promise<string> {
  return (await fetchToken({ as, purpose, picture: 'real', issuer, home: home.folder })).accessToken;
}

/** Each kill comes at a random time after an acknowledged move, during other moves. */
async function killAgainAndAgain(
  trial: Trial,
  holds: Holds,
  traffic: Traffic,
): Promise<Readonly<Record<string, number>>> {
  const chance = new Chance(Number(flags.seed));
  const wanted = Number(flags.kills);
  const kills: Record<string, number> = { hub: 0, 'joint-unit': 0 };
  for (let kill = 1; kill <= wanted; kill += 1) {
    const name = chance.below(2) === 0 ? 'hub' : 'joint-unit';
    await untilMore(holds, traffic);
    await pause(chance.below(2000));
    await trial.parts.get(name)?.kill();
    await pause(chance.below(1500));
    await trial.restart(name);
    kills[name] = (kills[name] ?? 0) + 1;
    const again = holds.again + traffic.mover.again;
    const acknowledged = holds.acknowledged.length + traffic.mover.acknowledged.length;
    logProgress(
      `kill ${kill} of ${wanted} (${name}): ${acknowledged} moves acknowledged, ${again} sent again, ${traffic.whole.length} turns`,
    );
  }
  await untilMore(holds, traffic);
  return kills;
}

/** The moves between two kills. With fewer, the parts would be down for most of the time on a busy machine. */
const betweenKills = 12;

/** Waits until a move on a hold and some moves of other workflows are acknowledged. */
async function untilMore(holds: Holds, { mover }: Traffic): Promise<void> {
  const before = [holds.acknowledged.length, mover.acknowledged.length] as const;
  const end = Date.now() + 300_000;
  while (holds.acknowledged.length === before[0] || mover.acknowledged.length < before[1] + betweenKills) {
    if (Date.now() > end) throw new Error('too few moves were acknowledged in five minutes');
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
async function countWithoutIntent(trial: Trial, moves: number): Promise<number | null> {
  await using client = await new MongoClient(trial.stores.uris.hub).connect();
  const keys = readEntryKeys(readFileSync(trial.home.hubKeysFile, 'utf8'));
  if (!(await verifyChain(readEntries(client.db(), deployment), { deployment, keys })).ok) return null;
  let intents = 0;
  for await (const { bytes } of readEntries(client.db(), deployment))
    if (parseEntry(bytes)?.kind === 'intent') intents += 1;
  return Math.max(0, moves - intents);
}

type OfHolds = { readonly holds: Holds; readonly found: Found };
type OfTurns = { readonly traffic: Traffic; readonly turns: TurnFaults };

function report(
  kills: Readonly<Record<string, number>>,
  { holds: { acknowledged, lapsing, again, late, refused }, found }: OfHolds,
  { traffic: { mover, whole, refused: refusedTurns }, turns }: OfTurns,
  withoutIntent: number | null,
): void {
  const moves = acknowledged.length + mover.acknowledged.length;
  const byScript = Object.fromEntries(
    [...Map.groupBy(whole, ({ script }) => script)].map(([script, all]) => [script, all.length]),
  );
  const ofHolds = { moves: acknowledged.length, ends: lapsing.size, again, late, refused, ...found };
  const ofTurns = { moves: mover.acknowledged.length, again: mover.again, ...turns, refused: refusedTurns };
  if (flags.json !== undefined) {
    const figures = { kills, holds: ofHolds, turns: { ...ofTurns, byScript }, withoutIntent };
    writeFileSync(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  }
  process.stdout.write(
    `${moves} moves acknowledged, ${again + mover.again} requests sent again, ${late} moves after the end of their hold\n` +
      `${lapsing.size} holds ended by the clock; made twice ${found.twice}, torn ${found.torn}, not told ${found.untold.length}, ` +
      `told twice ${found.toldTwice}, timers that did not fire ${found.pending}, without an intent ` +
      `${withoutIntent ?? 'unknown: the chain is broken'}, refused ${refused.length}\n` +
      `turns of other workflows: ${Object.entries(byScript)
        .map(([script, count]) => `${count} ${script}`)
        .join(
          ', ',
        )}; lost ${turns.lost}, differences ${turns.differing.length}, gaps ${turns.gaps.length}, ` +
      `booked twice ${turns.bookedTwice.length}, refused ${refusedTurns.length}\n`,
  );
  const faultsOfTurns = [...turns.differing, ...turns.gaps, ...turns.bookedTwice, ...refusedTurns];
  for (const line of [...found.untold, ...refused, ...faultsOfTurns].slice(0, 20))
    process.stdout.write(`  ${line}\n`);
  const { twice, torn, untold, toldTwice, pending } = found;
  const lost = found.lost + turns.lost;
  const wrong = lost + twice + torn + untold.length + toldTwice + pending + refused.length;
  if (wrong + faultsOfTurns.length + (withoutIntent ?? 1) > 0) process.exitCode = 1;
  const of = `of ${moves}, over ${kills['hub']} kills of the hub and ${kills['joint-unit']} of the subgraph`;
  const differing = new Set(turns.differing.map((line) => line.split(':', 1)[0])).size;
  process.stdout.write(
    `soak:moves: ${lost} acknowledged moves lost (${of}; ${differing} of ${whole.length} turns of other workflows differ from one without kills)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
