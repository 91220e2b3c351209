import { type Command, InvalidArgumentError } from 'commander';
import type { Db } from 'mongodb';
import { readWebhooks } from '../../gateway/registry/webhooks.ts';
import { Outbox } from '../../gateway/webhooks/outbox.ts';
import { withDatabase } from '../trial/client.ts';
import { homeFolder } from '../trial/home.ts';
import { withUri } from './import.ts';

const helpOf = (example: string): string => `
Webhooks are entries of the collection "webhooks" in the registry (gateway/README.md, "Webhooks"). The store is
JCU_STORE_URI if it is set, otherwise that of the trial. Dead deliveries are kept for 90 days. They have no content: what
is sent again is decided and read again.

Example:
  npx hub webhooks ${example}`;

/** Adds `hub webhooks`: what waits for each webhook, and the deliveries that failed for good. */
export function addWebhooks(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('the webhooks that get notices, and the notices that could not be delivered')
    .addHelpText('after', helpOf('list'));
  webhooks
    .command('list')
    .description('list the webhooks that are in force, with what waits and what is dead')
    .addHelpText('after', helpOf('list'))
    .action(async () => await withHub(list));
  webhooks
    .command('dead')
    .description('list the deliveries that failed for good, the newest first')
    .option('--limit <n>', 'the number of deliveries', readLimit, 100)
    .addHelpText('after', helpOf('dead --limit 20'))
    .action(async ({ limit }: { limit: number }) => await withHub(async (db) => await listDead(db, limit)));
  webhooks
    .command('resend')
    .description('send dead deliveries again: one, or all of a webhook')
    .option('--delivery <id>', 'the id of the delivery, as `hub webhooks dead` prints it')
    .option('--webhook <id>', 'the id of the webhook')
    .addHelpText('after', helpOf('resend --webhook pl-desk'))
    .action(async (flags: { delivery?: string; webhook?: string }) => {
      await withHub(async (db) => await resend(db, flags));
    });
  webhooks
    .command('enable')
    .description('enable a webhook again whose receiver answered 410')
    .argument('<webhook>', 'the id of the webhook')
    .addHelpText('after', helpOf('enable pl-desk'))
    .action(async (webhook: string) => {
      await withHub(async (db) => {
        if (!(await new Outbox(db).enable(webhook)))
          throw new Error(`expected a webhook that is disabled, got ${webhook}: see \`hub webhooks list\``);
        return `enabled ${webhook}\n`;
      });
    });
}

async function withHub(run: (db: Db) => Promise<string>): Promise<void> {
  await withUri(homeFolder(process.env), 'hub', async (uri) => {
    await withDatabase(uri, async (db) => void process.stdout.write(await run(db)));
  });
}

async function list(db: Db): Promise<string> {
  const malformed: string[] = [];
  const found = await readWebhooks(db, new Date(), (id) => malformed.push(id));
  const outbox = new Outbox(db);
  const rows = found.map(async (webhook) => {
    const { pending, dead } = await outbox.count(webhook._id);
    const state = (await outbox.isDisabled(webhook)) ? 'disabled (410)' : 'enabled';
    return `${webhook._id} ${webhook.organisation} as ${webhook.subject}: ${state}, ${pending} waiting, ${dead} dead\n`;
  });
  const faults = malformed.map((id) => `${id}: malformed, nothing is sent\n`);
  return [...(await Promise.all(rows)), ...faults].join('') || 'no webhook is in force\n';
}

async function listDead(db: Db, limit: number): Promise<string> {
  const rows = (await new Outbox(db).dead(limit)).map(
    ({ _id, webhook, notice, attempts, reason, endedAt }) =>
      `${endedAt?.toISOString()} ${_id} ${webhook} ${notice}: ${reason} (${attempts} attempts failed before)\n`,
  );
  return rows.join('') || 'no delivery is dead\n';
}

async function resend(
  db: Db,
  { delivery, webhook }: { readonly delivery?: string; readonly webhook?: string },
): Promise<string> {
  if ((delivery === undefined) === (webhook === undefined))
    throw new Error('expected --delivery or --webhook, got neither or both');
  const of = delivery === undefined ? { webhook: String(webhook) } : { _id: delivery };
  const count = await new Outbox(db).revive(of, new Date());
  if (count === 0) throw new Error(`expected a dead delivery of ${delivery ?? webhook}, found none`);
  return `${count} will be sent again\n`;
}

function readLimit(value: string): number {
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('Expected a whole number from 1 to 10000.');
  return limit;
}
