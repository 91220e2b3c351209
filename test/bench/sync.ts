import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fetchToken } from '../../docker/trial/issuer/token.ts';
import { startTrial, type Trial } from '../../docker/trial/trial.ts';
import { readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { parseDocument } from 'yaml';
import { putBundle, signAsTrial, textsOf } from '../helpers/bundles.ts';
import { withoutRules } from '../helpers/versions.ts';
import { Chance } from './ask/chance.ts';
import { type Asker, hangUp } from './ask/client.ts';
import { logProgress, Place } from './place.ts';
import { Copy, listNow } from './sync/copy.ts';
import { Markings } from './sync/markings.ts';
import { unbounded } from './unbounded.ts';

const help = `Copies a community's records by their changes, while stores and subgraphs are killed and the policy changes.

  npm run soak:sync -- [options]

  --kills N     number of kills (50): of defence's store and of defence's subgraph, at random
  --seed N      seed for the times of the kills and for the markings (1)
  --json FILE   all figures as JSON
  --help

Starts a trial with a database server for each store. An operator creates, changes and marks up assessments through the hub.
Four readers of different kinds keep a copy by the changes alone. After the first half of the kills the policy loses rules,
after the second half it gets them back. At the end each copy must equal the list that its reader sees. Uses loopback only;
takes about twenty minutes. Exits with 1 if a copy differs, a change is repeated without a mark, or a change is refused.

Example:
  npm run soak:sync -- --kills 4
`;

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const readers = [
  ['defence-operator', 'cyber-defence'],
  ['ee-milcert-analyst', 'cyber-defence'],
  ['fr-csirt-analyst', 'incident-response'],
  ['private-partner', 'incident-response'],
] as const;

async function main(): Promise<void> {
  const wanted = Number(flags.kills);
  if (!Number.isInteger(wanted) || wanted < 2)
    throw new Error(`--kills: expected a whole number from 2 on, got ${flags.kills}`);
  await using place = new Place('soak-sync');
  const trial = await startTrial({ home: `${place.folder}/home`, port: 0, apart: true, env: unbounded });
  place.defer(async () => await trial.stop());
  const askers = await Promise.all(
    readers.map(async ([as, purpose]) => await askerOf(place, trial, as, purpose)),
  );
  const [operator] = askers;
  if (operator === undefined) throw new Error('expected an operator');
  const chance = new Chance(Number(flags.seed));
  const markings = new Markings(operator, chance);
  const copies = readers.map(([as], at) => new Copy(as, askers[at] ?? operator));
  const half = Math.floor(wanted / 2);
  const version = Number(parseDocument(readPolicyTexts()['domain.yaml'] ?? '').get('version'));
  await kill(trial, half, chance, markings);
  // Without these, the recipients for a purpose neither read nor subscribe.
  await changePolicy(trial, version + 1, ['J04', 'J34b']);
  await kill(trial, wanted - half, chance, markings);
  await changePolicy(trial, version + 2, []);
  await markings.stop();
  logProgress('waiting for the copies');
  const end = Date.now();
  await Promise.all(copies.map(async (copy) => await copy.stopAfter(end)));
  const lists = await Promise.all(askers.map(async (asker) => await listNow(asker())));
  await hangUp();
  report(
    markings,
    copies.map((copy, at) => ({ copy, list: lists[at] ?? new Map<string, number>() })),
  );
}

/** Gets a reader's token again each minute. */
async function askerOf(place: Place, trial: Trial, as: string, purpose: string): Promise<() => Asker> {
  const { issuer, home } = trial;
  const fetchOne = async () =>
    (await fetchToken({ as, purpose, picture: 'real', issuer, home: home.folder })).accessToken;
  let token = await fetchOne();
  const renewing = setInterval(() => {
    fetchOne().then(
      (next) => (token = next),
      () => undefined,
    );
  }, 60_000);
  place.defer(async () => {
    clearInterval(renewing);
    await Promise.resolve();
  });
  return () => ({ url: trial.url, token });
}

async function kill(trial: Trial, times: number, chance: Chance, markings: Markings): Promise<void> {
  for (let at = 1; at <= times; at += 1) {
    await untilMore(markings);
    await pause(chance.below(2000));
    const isStore = chance.below(2) === 0;
    if (isStore) await trial.stores.killOne('defence');
    else await trial.parts.get('defence')?.kill();
    await pause(chance.below(1500));
    if (isStore) await trial.stores.startOne('defence');
    else await trial.restart('defence');
    logProgress(`kill ${at} of ${times} (${isStore ? 'store' : 'subgraph'}): ${markings.changes} changes`);
  }
  await untilMore(markings);
}

async function untilMore(markings: Markings): Promise<void> {
  const before = markings.changes;
  const end = Date.now() + 120_000;
  while (markings.changes === before) {
    if (Date.now() > end) throw new Error(`no change was acknowledged for two minutes: ${markings.last}`);
    await pause(50);
  }
}

async function changePolicy(trial: Trial, version: number, lost: readonly string[]): Promise<void> {
  const texts = textsOf(version, (rules) => withoutRules(rules, lost));
  putBundle(trial.home, await signAsTrial(trial.home, texts));
  logProgress(`policy version ${version} without ${lost.length} rules`);
  // Hub and subgraphs look for a bundle each second. The stores are relabelled during the next kills.
  await pause(5000);
}

type Compared = { readonly copy: Copy; readonly list: ReadonlyMap<string, number> };

function report(markings: Markings, compared: readonly Compared[]): void {
  const figures = compared.map(({ copy, list }) => {
    const ids = new Set([...copy.records.keys(), ...list.keys()]);
    const different = [...ids].filter((id) => copy.records.get(id) !== list.get(id));
    return { reader: copy.name, listed: list.size, different: different.length, ...copy.figures };
  });
  for (const { reader, ...counts } of figures) process.stdout.write(`${reader}: ${JSON.stringify(counts)}\n`);
  process.stdout.write(`refused changes: ${markings.refused.length}, sent again: ${markings.again}\n`);
  const different = figures.reduce((sum, one) => sum + one.different + one.repeatedUnmarked, 0);
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ changes: markings.changes, figures }, null, 2)}\n`);
  if (different + markings.refused.length > 0) process.exitCode = 1;
  process.stdout.write(
    `soak:sync: ${different} records that differ or were repeated without a mark (4 copies, ${markings.changes} changes, ${flags.kills} kills, 2 changes of the policy)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
