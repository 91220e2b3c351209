import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildSchema, parse, visit } from 'graphql';
import { decide } from '../../gateway/policy/decide.ts';
import { KindSchemas } from '../../gateway/introspection/kinds.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { read } from '../../schema/sources.ts';
import { readerOf } from '../helpers/records.ts';
import { percentile, round, table } from './figures.ts';

const help = `Measures the hub's decision on an operation before it is planned: 50 fields, for kinds of reader.

  npm run bench:decide -- [options]

  --times N      decisions for each kind (20000)
  --json FILE    all figures as JSON
  --help

Each decision computes the reader's access again. Only the schema of the reader's kind is cached; the line before the last
has its cost, once for each kind.

Example:
  npm run bench:decide -- --json figures.json
`;

const { values: flags } = parseArgs({
  options: {
    times: { type: 'string', default: '20000' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Returns an operation of 50 fields over three communities. */
const operation = `{ vulnerability(id: "CVE-2099-10001") { id name aliases
  records { nodes { id cveId title { value } state cvss { version score severity } products { vendor product } } }
  exploitation { nodes { id catalogue assertedBy reportedAt { utc } } total { value exact } }
  advisories { nodes { id serial title { value } publishedAt { utc } envelope { marking { tlp pap } originator { id name } } } }
  mispEvents { nodes { id uuid info { value } threatLevel } } } }`;

function main(): void {
  const schema = buildSchema(read('published.graphql'));
  const policy = readPolicy();
  const document = parse(operation, { noLocation: true });
  let fields = 0;
  visit(document, { Field: () => void (fields += 1) });
  const now = new Date();
  const kinds = new KindSchemas(schema);
  const roles = ['csirt-analyst', 'policy-auditor', 'private-user'];
  const rows = roles.map((role) => {
    const took: number[] = [];
    for (let turn = 0; turn < Number(flags.times); turn += 1) {
      const began = performance.now();
      const readerAccess = policy.accessOf(readerOf({ roles: [role] }), now);
      decide({ document, variables: {} }, schema, kinds.of(readerAccess));
      took.push((performance.now() - began) * 1000);
    }
    const warm = took.slice(Math.min(2000, took.length / 2));
    return { role, p50: percentile(warm, 0.5), p99: percentile(warm, 0.99) };
  });
  const began = performance.now();
  new KindSchemas(schema).of(policy.accessOf(readerOf({ roles: ['csirt-analyst'] }), now));
  const kindMs = performance.now() - began;
  if (flags.json !== undefined)
    writeFileSync(flags.json, `${JSON.stringify({ fields, rows, kindMs }, null, 2)}\n`);
  process.stdout.write(
    table(
      ['kind', 'p50 us', 'p99 us'],
      rows.map(({ role, p50, p99 }) => [role, round(p50), round(p99)]),
    ),
  );
  process.stdout.write(`the schema of a new kind of reader: ${round(kindMs)} ms, once\n`);
  const slowest = Math.max(...rows.map(({ p50 }) => p50));
  process.stdout.write(
    `bench:decide: ${round(slowest)} us (a decision for an operation of ${fields} fields, not cached; target 100 us)\n`,
  );
}

if (flags.help) process.stdout.write(help);
else main();
