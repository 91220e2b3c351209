import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDatabase } from './client.ts';
import { retry } from './patience.ts';
import { importAliases } from '../../gateway/registry/import-aliases.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { findReader } from './issuer/readers.ts';
import { runQuietImports } from '../cli/import.ts';
import type { StoreName } from './stores/names.ts';

/** The exercise that every record of the scenario belongs to. */
export const scenarioExercise = 'exercise:trial-2026';

type Step = {
  readonly into: Exclude<StoreName, 'hub'>;
  readonly file: string;
  readonly flags: readonly string[];
};

const named = (...readers: readonly string[]) => readers.flatMap((as) => findReader(as)?.subject ?? []);
const aliases = ['--aliases', 'actors.galaxy.json'];

/** The files to import: into which store, with which marking and audience. */
const steps: readonly Step[] = [
  { into: 'enisa', file: 'eu-kev.json', flags: aliases },
  { into: 'enisa', file: 'cisa-kev.json', flags: [] },
  { into: 'cert-eu', file: 'actors.galaxy.json', flags: [] },
  { into: 'cert-eu', file: 'advisories', flags: [] },
  { into: 'cert-eu', file: 'misp-green.json', flags: [] },
  {
    into: 'cert-eu',
    file: 'misp-amber.json',
    flags: [
      '--audience',
      'cert-eu',
      'enisa',
      'csirt-fr',
      '--purpose',
      'incident-response',
      'threat-analysis',
    ],
  },
  {
    into: 'cert-eu',
    file: 'misp-strict.json',
    flags: ['--audience', 'csirt-pl', '--purpose', 'incident-response'],
  },
  {
    into: 'cert-eu',
    file: 'misp-red.json',
    flags: ['--person', ...named('cert-eu-analyst', 'fr-csirt-analyst')],
  },
  { into: 'europol', file: 'actors.galaxy.json', flags: [] },
  { into: 'europol', file: 'ransomware.galaxy.json', flags: ['--tlp', 'GREEN'] },
  { into: 'enisa', file: 'enisa.records.json', flags: [] },
  { into: 'cert-eu', file: 'cert-eu.records.json', flags: [] },
  { into: 'europol', file: 'europol.records.json', flags: [] },
  { into: 'eeas', file: 'eeas.records.json', flags: aliases },
  { into: 'defence', file: 'defence.records.json', flags: aliases },
  { into: 'joint-unit', file: 'joint-unit.records.json', flags: aliases },
];

/** Imports the trial's scenario, unless this version of it is stored already. Stops before the next community when aborted. */
export async function loadScenario(
  home: string,
  uris: Readonly<Record<StoreName, string>>,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const marker = join(home, 'scenario.sha256');
  // Access keys belong to one policy version: under another one the scenario is imported again.
  const version = `${hashFolder(folder)} ${readPolicy().version}`;
  if (existsSync(marker) && readFileSync(marker, 'utf8') === version) return;
  report('scenario: importing the exercise');
  const tried = async (name: string, run: () => Promise<void>) =>
    await retry({ name: `scenario: ${name}`, run, mayRetry: () => true, report, signal });
  await tried('alias table', async () => await importActorAliases(uris.hub));
  const stores = [...new Set(steps.map((step) => step.into))];
  await Promise.all(
    stores.map(async (into) => {
      signal?.throwIfAborted();
      const imports = steps
        .filter((step) => step.into === into)
        .map(({ file, flags }) => {
          const resolved = flags.map((flag) => (flag.endsWith('.json') ? join(folder, flag) : flag));
          return [join(folder, file), '--exercise', scenarioExercise, ...resolved];
        });
      // An import writes only new and changed records, so it may be repeated.
      await tried(into, async () => await runQuietImports(home, into, uris[into], imports));
    }),
  );
  writeFileSync(marker, version);
}

const folder = join(import.meta.dirname, 'scenario');

async function importActorAliases(uri: string): Promise<void> {
  // Only the actors: ENISA's records have the exercise's pairs of ids themselves.
  const actors = readFileSync(join(folder, 'actors.galaxy.json'), 'utf8');
  await withDatabase(
    uri,
    async (db) => await importAliases(db, JSON.parse(actors), new Date(), scenarioExercise),
  );
}

function hashFolder(path: string): string {
  const hash = createHash('sha256').update(JSON.stringify(steps));
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of files.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    hash.update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}
