import { statSync } from 'node:fs';

type Test = { readonly path: string };

/** Tests that take minutes. Started last, one of them would run alone while the other core is idle. */
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
  'journeys/operating',
  'abuse/hub-to-subgraph',
];

function rankOf({ path }: Test): number {
  const at = longest.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
  return at === -1 ? longest.length : at;
}

/** Runs the tests that take minutes first, then the others by file size, as jest does without recorded times. */
// jest takes a sequencer as a default export only.
// oxlint-disable-next-line import/no-default-export -- jest takes the default export
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
    // No times are recorded, so that the order is the same on every machine.
  }
}
