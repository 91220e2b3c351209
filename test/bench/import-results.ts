import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startStores } from '../../docker/trial/stores/stores.ts';
import { policyOfTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { noProgress } from '../../schema/runtime/progress.ts';
import type { Community } from '../../schema/record/vocabulary.ts';
import { kinds as certEu } from '../../subgraphs/cert-eu/records.ts';
import { sources as certEuSources } from '../../subgraphs/cert-eu/sources.ts';
import { kinds as defence } from '../../subgraphs/defence/records.ts';
import { sources as defenceSources } from '../../subgraphs/defence/sources.ts';
import { kinds as eeas } from '../../subgraphs/eeas/records.ts';
import { sources as eeasSources } from '../../subgraphs/eeas/sources.ts';
import { kinds as enisa } from '../../subgraphs/enisa/records.ts';
import { sources as enisaSources } from '../../subgraphs/enisa/sources.ts';
import { kinds as europol } from '../../subgraphs/europol/records.ts';
import { sources as europolSources } from '../../subgraphs/europol/sources.ts';
import { ingest } from '../../subgraphs/serve/ingest/ingest.ts';
import { importNames } from '../../subgraphs/serve/ingest/names.ts';
import type { Reject } from '../../subgraphs/serve/ingest/rejects.ts';
import type { Source } from '../../subgraphs/serve/ingest/sources/source.ts';
import { Target } from '../../subgraphs/serve/ingest/target.ts';
import type { Kind } from '../../subgraphs/serve/kind.ts';
import { assignKeysBy } from '../../subgraphs/serve/store/key-assigner.ts';
import { recordsOf } from '../../subgraphs/serve/store/collections.ts';
import { openStore } from '../../subgraphs/serve/store/store.ts';
import { type RealFiles, realData, realFiles } from './import/real-files.ts';

/**
 * Imports the public records and compares the results of two versions of the program:
 *
 *   node test/bench/import-results.ts results.json
 *   node test/bench/import-results.ts before.json after.json
 */
const [one = 'import-results.json', other] = process.argv.slice(2);
if (other === undefined) writeFileSync(one, JSON.stringify(await importReal(), null, 1));
else compare(readResults(one), readResults(other));

type Parts = { readonly kinds: readonly Kind[]; readonly sources: readonly Source[] };
type Results = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function partsOf(community: Community): Parts {
  if (community === 'cert-eu') return { kinds: certEu, sources: certEuSources };
  if (community === 'defence') return { kinds: defence, sources: defenceSources };
  if (community === 'eeas') return { kinds: eeas, sources: eeasSources };
  if (community === 'enisa') return { kinds: enisa, sources: enisaSources };
  return { kinds: europol, sources: europolSources };
}

/** Returns for each kind of file the counts, the rejects, and each stored record by kind and local id. */
async function importReal(): Promise<Results> {
  const home = mkdtempSync(join(tmpdir(), 'jcu-import-results-'));
  const stores = await startStores({ home });
  try {
    const results: Record<string, Readonly<Record<string, unknown>>> = {};
    for (const files of realFiles) {
      results[files.name] = await importOne(files, stores.uris[files.into]);
      process.stderr.write(`${files.name}: ${JSON.stringify(results[files.name]?.['report'])}\n`);
    }
    return results;
  } finally {
    await stores.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

function alarm(): void {
  // The report has the same.
}

async function importOne(files: RealFiles, uri: string): Promise<Readonly<Record<string, unknown>>> {
  const { kinds, sources } = partsOf(files.into);
  const source = sources.find(({ name }) => name === files.source);
  if (source === undefined) throw new Error(`expected a source ${files.source}`);
  const policy = policyOfTexts(readPolicyTexts());
  const store = openStore(uri, kinds, () => undefined);
  await store.connection.asPromise();
  const target = new Target(store, source.name, null, assignKeysBy(policy));
  await target.prepare();
  const lines: Reject[] = [];
  const rejects = {
    path: 'memory',
    write: async (reject: Reject) => {
      lines.push(reject);
      return await Promise.resolve();
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
  await importNames({ target, rejects, alarm }, join(realData, 'common', 'misp-galaxy-threat-actor.json'));
  const report = await ingest({
    source,
    files: pathsOf(files),
    defaults: source.defaults,
    target,
    rejects,
    progress: noProgress,
    alarm,
    receivedAt: new Date(),
  });
  const records: Record<string, unknown> = {};
  for (const { type } of kinds) {
    for await (const record of recordsOf(store, type).find({ feed: source.name })) {
      const { receivedAt: _receivedAt, version: _version, ...envelope } = record.envelope;
      const links = await store.links.find({ record: record._id }).lean();
      const names = links.map(({ key }) => key.replace(/:[0-9a-f]{8}-[0-9a-f-]{27}$/, ':id')).sort();
      const text = JSON.stringify(record.content).replaceAll(/(?<=[A-Z]\w+:)[0-9a-f-]{36}/g, 'id');
      const content: unknown = JSON.parse(text);
      records[`${type} ${envelope.localId}`] = { envelope, content, names };
    }
  }
  await store.connection.close();
  return { report, rejects: lines.map(({ file: _file, ...line }) => line), records };
}

function pathsOf({ path, form }: RealFiles): readonly string[] {
  const whole = join(realData, path);
  if (/\.(json|xml)$/.test(path)) return [whole];
  const names = readdirSync(whole).toSorted();
  const pattern = form !== undefined && 'tables' in form ? form.tables : /\.json$/;
  return names.filter((name) => pattern.test(name)).map((name) => join(whole, name));
}

function readResults(path: string): Results {
  return JSON.parse(readFileSync(path, 'utf8')) as Results;
}

/** Prints the changed counts and rejects, and for each field that changed its number of records with an example. */
function compare(before: Results, after: Results): void {
  for (const [name, now] of Object.entries(after)) {
    const then = before[name] ?? {};
    console.log(
      `\n${name}\n  before ${JSON.stringify(then['report'])}\n  after  ${JSON.stringify(now['report'])}`,
    );
    const [old, fresh] = [then, now].map((all) => new Map(Object.entries(flatten(all['records']))));
    const groups = Map.groupBy(
      [...new Set([...(old?.keys() ?? []), ...(fresh?.keys() ?? [])])].filter(
        (path) => !isDeepStrictEqual(old?.get(path), fresh?.get(path)),
      ),
      (path) => `${path.split(' ', 1)[0]} ${path.split('|').at(-1)}`,
    );
    for (const [field, paths] of groups) {
      const example = paths[0] ?? '';
      console.log(`  ${field}: ${paths.length}, such as ${example.split('|')[0]}`);
      console.log(`    - ${short(old?.get(example))}\n    + ${short(fresh?.get(example))}`);
    }
    if (!isDeepStrictEqual(then['rejects'], now['rejects']))
      console.log(`  rejects\n    - ${short(then['rejects'])}\n    + ${short(now['rejects'])}`);
  }
}

/** Returns the fields of each record by `kind id|part.field`. */
function flatten(records: unknown): Readonly<Record<string, unknown>> {
  const all = Object.entries((records ?? {}) as Record<string, Record<string, unknown>>);
  return Object.fromEntries(
    all.flatMap(([id, { envelope, content, names }]) => [
      [`${id}|names`, names],
      ...Object.entries(envelope as object).map(([field, value]) => [`${id}|envelope.${field}`, value]),
      ...Object.entries(content as object).map(([field, value]) => [`${id}|content.${field}`, value]),
    ]),
  );
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300);
}
