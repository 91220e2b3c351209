import { statSync } from 'node:fs';

type Test = { readonly path: string };

/** Tests that take minutes: begun last, one of them would run alone at the end while the other core stands still. */
const longest = [
  'subgraphs/serve/ingest/kill',
  'journeys/outages',
  'subgraphs/serve/migrate/side-by-side',
  'journeys/relabel',
  'docker/deployment',
  'docker/cli/hub',
  'subgraphs/serve/ingest/import',
  'journeys/policy-bundle',
  'journeys/keys',
  'abuse/between',
];

function rankOf({ path }: Test): number {
  const at = longest.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return at === -1 ? longest.length : at;
}

/** Runs what takes minutes first, then the larger files, which is jest's own guess where it knows no times. */
// jest takes a sequencer as a default export only.
// oxlint-disable-next-line import/no-default-export
export default class LongestFirst {
  sort(tests: readonly Test[]): readonly Test[] {
    return tests.toSorted(
      (one, other) => rankOf(one) - rankOf(other) || statSync(other.path).size - statSync(one.path).size,
    );
  }

  shard(tests: readonly Test[], { shardIndex, shardCount }: { shardIndex: number; shardCount: number }) {
    return tests.filter((_test, at) => at % shardCount === shardIndex - 1);
  }

  allFailedTests(tests: readonly Test[]): readonly Test[] {
    return tests;
  }

  cacheResults(): void {
    // No times are kept: the order is the same on every machine.
  }
}
