import type { Logger } from 'pino';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Run } from '../../schema/runtime/observe/run.ts';
import { watchFile } from '../../schema/runtime/watched-file.ts';
import type { Stages } from '../answer.ts';
import type { ChangeFeed } from '../live/change-feed.ts';
import type { HubSettings } from '../settings.ts';
import type { HubStore } from '../store.ts';
import { readNotice } from './read-notice.ts';
import { readSecrets } from './signature.ts';
import { type RunningWebhooks, runWebhooks } from './webhooks.ts';

/** The parts of the hub that webhooks are opened with. */
type OpenParts = {
  readonly store: Pick<HubStore, 'webhooks' | 'registry'>;
  readonly feeds: ReadonlyMap<string, ChangeFeed>;
  readonly stages: () => Stages;
  readonly policy: () => Policy;
  readonly run: Run;
  readonly log: Logger;
};

/** Runs the webhooks of this hub. Null if the settings have no file of secrets. Rejects if the file is malformed. */
export async function openWebhooks(
  settings: Pick<HubSettings, 'webhookSecrets' | 'webhookNetworks' | 'production'>,
  { store, feeds, log, stages, policy, run }: OpenParts,
): Promise<RunningWebhooks | null> {
  if (settings.webhookSecrets === null) return null;
  const secrets = await watchFile(settings.webhookSecrets, readSecrets, {
    change: (read) => log.info({ secrets: read.size }, 'the secrets of webhooks have changed'),
    fault: (error) =>
      log.error(
        { error: String(error) },
        'the file of webhook secrets is invalid: the previous ones stay in use',
      ),
  });
  const { registry, webhooks } = store;
  const read = { stages, policy, registry, run };
  const running = runWebhooks({
    ...webhooks,
    feeds,
    secrets,
    networks: { production: settings.production, permitted: settings.webhookNetworks },
    read: async (webhook, of, signal) => await readNotice(webhook, of, read, signal),
    log,
  });
  return {
    stop: async () => {
      secrets.stop();
      await running.stop();
    },
  };
}
