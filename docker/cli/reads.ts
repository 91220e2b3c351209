import { type Command, Option } from 'commander';
import { z } from 'zod';
import { communities } from '../../schema/record/vocabulary.ts';
import { type Asking, askHub } from './ask-hub.ts';
import { homeFolder } from '../trial/home.ts';

const help = `
Asks the running hub as the community's operator; this question is recorded in the audit log too. The output names
organisations and correlation ids. Only an inspector can find the person, by the correlation id.

Example:
  npx hub reads cert-eu --record Advisory:...`;

type Flags = { readonly record?: string; readonly picture: string; readonly limit: string };

/** Adds `hub reads`, which lists the disclosures of a community's records. */
export function addReads(program: Command): void {
  program
    .command('reads')
    .description("list who received a community's records, newest first")
    .argument('<community>', communities.join(', '))
    .option('--record <id>', 'reads of this record only')
    .option('--limit <n>', 'the maximum number of reads', '25')
    .addOption(
      new Option('--picture <picture>', 'the picture of the reads: real, or exercise:trial-2026').default(
        'exercise:trial-2026',
      ),
    )
    .addHelpText('after', help)
    .action(async (community: string, { record, picture, limit }: Flags) => {
      const asking = { as: `${community}-operator`, picture };
      const maximum = Number(limit);
      if (!Number.isInteger(maximum) || maximum < 1)
        throw new Error(`--limit: expected a whole number from 1, got ${limit}`);
      const reads = await findReads(homeFolder(process.env), asking, record ?? null, maximum);
      for (const read of reads) process.stdout.write(`${formatRead(read)}\n`);
      const count = `${reads.length}${reads.length === maximum ? ' or more' : ''}`;
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

/** A page may be empty although more follow: reads pages until there are enough reads, or no further page. */
async function findReads(
  home: string,
  asking: Asking,
  record: string | null,
  maximum: number,
): Promise<readonly Read[]> {
  const found: Read[] = [];
  let after: string | null = null;
  do {
    const variables: Readonly<Record<string, unknown>> = {
      record,
      first: Math.min(100, maximum - found.length),
      after,
    };
    const { ownReads }: Answer = await askHub(home, asking, { query, variables }, answerShape);
    found.push(...ownReads.nodes);
    after = ownReads.pageInfo.hasNextPage ? ownReads.pageInfo.endCursor : null;
  } while (after !== null && found.length < maximum);
  return found;
}

function formatRead({ at, organisation, purpose, recordCount, records, correlationId }: Read): string {
  const tlps = [...new Set(records.map(({ tlp }) => tlp))].join(', ');
  const what = `${recordCount} ${recordCount === 1 ? 'record' : 'records'}, ${tlps}`;
  return `${at} a reader of ${organisation}, for ${purpose ?? 'no stated purpose'}: ${what} (${correlationId})`;
}
