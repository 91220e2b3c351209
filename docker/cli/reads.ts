import { type Command, Option } from 'commander';
import { z } from 'zod';
import { communities } from '../../schema/record/vocabulary.ts';
import { askHub } from './ask-hub.ts';
import { homeFolder } from '../trial/home.ts';

const help = `
It is asked of the hub that runs, as the community's operator, whose own question stands in the trail like any other. It
tells organisations and correlation ids; which person asked is for an inspector to find out by such an id.

Example:
  npx hub reads cert-eu --record Advisory:...`;

type Flags = { readonly record?: string; readonly picture: string; readonly limit: string };

/** Adds `hub reads`: who was given the records of a community. */
export function addReads(program: Command): void {
  program
    .command('reads')
    .description('who was given the records of a community, the newest first')
    .argument('<community>', communities.join(', '))
    .option('--record <id>', 'of one record')
    .option('--limit <n>', 'how many at most', '25')
    .addOption(
      new Option('--picture <picture>', 'of the reads: real, or exercise:trial-2026').default(
        'exercise:trial-2026',
      ),
    )
    .addHelpText('after', help)
    .action(async (community: string, { record, picture, limit }: Flags) => {
      const who = { as: `${community}-operator`, picture };
      const most = Number(limit);
      if (!Number.isInteger(most) || most < 1) throw new Error('--limit: a whole number from 1');
      const reads = await findReads(homeFolder(process.env), who, record ?? null, most);
      for (const read of reads) process.stdout.write(`${tell(read)}\n`);
      const count = `${reads.length}${reads.length === most ? ' or more' : ''}`;
      process.stdout.write(
        `${count} ${reads.length === 1 ? 'read' : 'reads'} of ${record ?? `${community}'s records`}\n`,
      );
    });
}

const readShape = z.object({
  at: z.string(),
  organisation: z.string(),
  purpose: z.string().nullable(),
  correlationId: z.string(),
  recordCount: z.number(),
  records: z.array(z.object({ tlp: z.string() })),
});
type Read = z.infer<typeof readShape>;

const answerShape = z.object({
  ownReads: z.object({
    nodes: z.array(readShape),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
type Answer = z.infer<typeof answerShape>;

const query = `query Reads($record: ID, $first: Int!, $after: String) {
  ownReads(record: $record, first: $first, after: $after) {
    nodes { at organisation purpose correlationId recordCount records { tlp } }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** Pages may be empty and still lead on: one asks until there are enough, or no more. */
async function findReads(
  home: string,
  who: { readonly as: string; readonly picture: string },
  record: string | null,
  most: number,
): Promise<readonly Read[]> {
  const found: Read[] = [];
  let after: string | null = null;
  do {
    const variables: Readonly<Record<string, unknown>> = {
      record,
      first: Math.min(100, most - found.length),
      after,
    };
    const { ownReads }: Answer = await askHub(home, who, { query, variables }, answerShape);
    found.push(...ownReads.nodes);
    after = ownReads.pageInfo.hasNextPage ? ownReads.pageInfo.endCursor : null;
  } while (after !== null && found.length < most);
  return found;
}

function tell({ at, organisation, purpose, recordCount, records, correlationId }: Read): string {
  const tlps = [...new Set(records.map(({ tlp }) => tlp))].join(', ');
  const what = `${recordCount} ${recordCount === 1 ? 'record' : 'records'}, ${tlps}`;
  return `${at} a reader of ${organisation}, for ${purpose ?? 'no stated purpose'}: ${what} (${correlationId})`;
}
