import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, type GraphQLSchema, isObjectType, parse } from 'graphql';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dateTime } from '../../schema/record/date-time.ts';
import type { StoredRecord } from '../../schema/record/envelope.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { subgraphSdl } from '../../schema/sources.ts';
import { community } from '../../subgraphs/cert-eu/community.ts';
import { toConnection } from '../../subgraphs/serve/read/connection.ts';
import type { Context } from '../../subgraphs/serve/graph/context.ts';
import { envelopeResolvers } from '../../subgraphs/serve/graph/resolvers.ts';
import { type Row, toRow } from '../../subgraphs/serve/read/row.ts';
import { buildCommunitySchema } from '../../subgraphs/serve/graph/schema.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../helpers/records.ts';
import { percentile, round, table } from './figures.ts';

const help = `Measures the cost of the shield: a list of 1,000 objects of 10 fields, with and without it.

  npm run bench:shield -- [options]

  --rounds N    measured rounds, each with all variants in turn (200)
  --json FILE   all figures as JSON
  --help

Uses CERT-EU's real schema, resolvers and executor in this process. The records are in memory, because a store's time is
the same on both sides and would hide the cost. "without" is the same schema without shield and guards. "with" computes
the reader's keys, decides each record from its envelope, and runs shield and guards. Times are CPU milliseconds, so that
other work on the machine does not count.

Example:
  npm run bench:shield -- --rounds 500 --json shield.json
`;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const objects = 1000;
const target = 1.25;
const fields = [
  'id name synonyms description { value lang } suspectedSponsor country',
  'attributionConfidence suspectedVictims targetCategories references',
].join(' ');
const scalars =
  'id name synonyms suspectedSponsor country attributionConfidence suspectedVictims targetCategories incidentTypes references';
const documents = {
  'ten plain fields': parse(`{ actorProfiles(first: 100) { nodes { ${scalars} } } }`),
  'one of them an object': parse(`{ actorProfiles(first: 100) { nodes { ${fields} } } }`),
};

const policy = readPolicy();
const now = new Date('2026-11-24T12:00:00Z');
const reader = readerOf({ organisation: 'cert-eu', roles: ['cert-eu-analyst'] });
const records = Array.from({ length: objects }, (_, at) => recordAt(at));
const guarded = buildCommunitySchema(community, policy);
const bare = buildBareSchema();

/** Each record has a separate envelope, as in a store, with all colours and audiences. */
function recordAt(at: number): StoredRecord {
  const tlp = (['CLEAR', 'GREEN', 'AMBER'] as const)[at % 3] ?? 'CLEAR';
  const audience = audienceOf(
    tlp === 'AMBER' ? { reach: 'NAMED', organisations: ['cert-eu', `csirt-${at % 27}`] } : {},
  );
  return {
    _id: `ActorProfile:${at}`,
    schemaVersion: 1,
    feed: 'bench',
    envelope: envelopeOf({
      localId: String(at),
      originator: `org-${at % 40}`,
      marking: markingOf({ tlp }),
      audience,
    }),
    content: {
      actor: null,
      name: `Actor ${at}`,
      synonyms: [`Other name ${at}`, `Third name ${at}`],
      description: { value: `What is said of actor ${at}.`, lang: 'en' },
      suspectedSponsor: null,
      country: 'FR',
      attributionConfidence: at % 100,
      suspectedVictims: ['Energy', 'Transport'],
      targetCategories: ['Government'],
      incidentTypes: ['Espionage'],
      references: [`https://example.org/${at}`],
    },
    sortAt: new Date(1_700_000_000_000 + at),
    openFrom: new Date(0),
    admits: [],
    admitsEarly: [],
    policy: 'bench',
    contentHash: String(at),
  };
}

/** Builds the same schema and resolvers without shield and guards. Only this bench does: no subgraph can build it. */
function buildBareSchema(): GraphQLSchema {
  const resolvers = Object.entries({ ...envelopeResolvers, ...community.resolvers }).map(
    ([type, { __resolveReference: _left, ...rest }]) => [type, rest],
  );
  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(subgraphSdl('cert-eu')),
      resolvers: { ...Object.fromEntries(resolvers), DateTime: dateTime } as never,
    },
  ]);
  const type = schema.getType('ActorProfile');
  if (!isObjectType(type)) throw new Error('expected actor profiles');
  for (const field of Object.values(type.getFields()))
    field.resolve ??= (row: Row) => (field.name === 'id' ? row.id : row.content[field.name]);
  return schema;
}

/** Returns the loaders of a request: a page of rows, which are decided here if they are not yet decided. */
function contextOf(rowsOf: (readerAccess: Context['readerAccess']) => readonly Row[]): Context {
  const readerAccess = policy.accessOf(reader, now);
  const list = () =>
    Promise.resolve(
      toConnection(
        rowsOf(readerAccess),
        objects,
        null,
        ({ id }) => id,
        () => Promise.resolve({ value: objects, exact: true }),
      ),
    );
  return { reader, readerAccess, loaders: { list } } as unknown as Context;
}

const decideAll = (readerAccess: Context['readerAccess']) =>
  records.flatMap((record) => toRow('ActorProfile', record, policy, readerAccess) ?? []);
const decided = decideAll(policy.accessOf(reader, now));
/** Returns rows without a policy decision, in the same shape. */
const undecided = () =>
  records.map((record): Row => ({
    type: 'ActorProfile',
    id: record._id,
    envelope: record.envelope,
    content: record.content as Row['content'],
    sortAt: record.sortAt,
    decision: { hidden: new Set(), groups: new Set() },
  }));

type Way = { readonly name: string; readonly run: (document: ReturnType<typeof parse>) => Promise<number> };
const ways: readonly [Way, ...Way[]] = [
  wayOf('without', bare, undecided),
  wayOf('with, rows decided before', guarded, () => decided),
  wayOf('with', guarded, decideAll),
];

function wayOf(
  name: string,
  schema: GraphQLSchema,
  rows: (readerAccess: Context['readerAccess']) => readonly Row[],
): Way {
  return {
    name,
    run: async (document) => {
      const begun = process.cpuUsage();
      const { data, errors } = await execute({ schema, document, contextValue: contextOf(rows) });
      const { user, system } = process.cpuUsage(begun);
      const nodes = (data?.['actorProfiles'] as { readonly nodes: readonly unknown[] } | null)?.nodes;
      if (errors !== undefined || nodes?.length !== objects)
        throw new Error(`${name}: ${errors?.[0]?.message ?? nodes?.length}`);
      return (user + system) / 1000;
    },
  };
}

type Figures = {
  readonly document: string;
  readonly way: string;
  readonly ms: number;
  readonly ratios: Spread;
};
type Spread = { readonly p10: number; readonly median: number; readonly p90: number };

/** Runs every variant in each round, in a rotating order, and compares each with `without` of its round. */
async function measure(name: string, document: ReturnType<typeof parse>): Promise<readonly Figures[]> {
  const times = new Map(ways.map((way) => [way.name, [] as number[]]));
  const rounds = Number(flags.rounds);
  for (let round_ = -Math.ceil(rounds / 4); round_ < rounds; round_ += 1) {
    for (const at of ways.keys()) {
      const way = ways[(at + Math.abs(round_)) % ways.length] ?? ways[0];
      const took = await way.run(document);
      if (round_ >= 0) times.get(way.name)?.push(took);
    }
  }
  const without = times.get('without') ?? [];
  return [...times].map(([way, all]) => {
    const ratios = all.map((took, at) => took / (without[at] ?? Number.NaN));
    const [p10 = 0, median = 0, p90 = 0] = [0.1, 0.5, 0.9].map((share) => percentile(ratios, share));
    return { document: name, way, ms: percentile(all, 0.5), ratios: { p10, median, p90 } };
  });
}

async function main(): Promise<void> {
  const figures: Figures[] = [];
  for (const [name, document] of Object.entries(documents)) figures.push(...(await measure(name, document)));
  if (flags.json !== undefined)
    writeFileSync(
      flags.json,
      `${JSON.stringify({ objects, target, node: process.version, figures }, null, 2)}\n`,
    );
  const rows = figures.map(({ document, way, ms, ratios: { p10, median, p90 } }) => [
    `${document}, ${way}`,
    ...[ms, median, p10, p90].map(round),
  ]);
  process.stdout.write(table(['1,000 objects of 10 fields', 'ms', 'ratio', 'p10', 'p90'], rows));
  const whole = figures.findLast(({ document, way }) => way === 'with' && document === 'ten plain fields');
  process.stdout.write(
    `bench:shield: ${round(whole?.ratios.median ?? Number.NaN)} x (1,000 objects of 10 fields, ` +
      `shielded against the same without a shield; target ${target})\n`,
  );
}

if (flags.help) process.stdout.write(help);
else await main();
