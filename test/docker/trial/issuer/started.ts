import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startIssuer } from '../../../../docker/trial/issuer/issuer.ts';
import { openSecrets } from '../../../../docker/trial/issuer/secrets.ts';
import type { TrialSecrets } from '../../../../docker/trial/issuer/secrets.ts';

export const hubUrl = 'http://127.0.0.1:4000/graphql';

/** A separate home folder, removed at the end. */
export async function makeHome(): Promise<{ readonly home: string; [Symbol.asyncDispose](): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'jcu-issuer-'));
  return { home, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
}

export type Started = {
  readonly url: string;
  readonly home: string;
  readonly secrets: TrialSecrets;
  /** Faults of the issuer itself: empty in every good test. */
  readonly faults: readonly Error[];
  [Symbol.asyncDispose](): Promise<void>;
};

/** A separate issuer on a free port. It stops at the end of the scope. */
export async function start(): Promise<Started> {
  const place = await makeHome();
  const faults: Error[] = [];
  const issuer = await startIssuer({
    port: 0,
    home: place.home,
    hubUrl,
    onFault: (fault) => faults.push(fault),
  });
  const secrets = await openSecrets(place.home);
  return {
    url: issuer.url,
    home: place.home,
    secrets,
    faults,
    [Symbol.asyncDispose]: async () => {
      await issuer.stop();
      await place[Symbol.asyncDispose]();
    },
  };
}
