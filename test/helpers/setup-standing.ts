import type { Trial } from '../../docker/trial/trial.ts';
import { compiledFolder } from '../../docker/trial/compile-cache.ts';
import { prepareExercise, startStanding } from './standing.ts';

declare global {
  var preparedExercise: AsyncDisposable | undefined;
  var standingTrial: Trial | undefined;
}

/** Starts one trial for all journeys of a run. They share it because they only read. */
// jest takes a setup as a default export only.
// oxlint-disable-next-line import/no-default-export -- jest takes the default export
export default async function setup(): Promise<void> {
  process.env['NODE_COMPILE_CACHE'] ??= compiledFolder;
  globalThis.preparedExercise = await prepareExercise();
  const trial = await startStanding();
  globalThis.standingTrial = trial;
  process.env['JCU_STANDING'] = JSON.stringify({
    url: trial.url,
    issuer: trial.issuer,
    home: trial.home.folder,
    uris: trial.stores.uris,
    parts: Object.fromEntries([...trial.parts].map(([name, part]) => [name, part.url])),
  });
}
