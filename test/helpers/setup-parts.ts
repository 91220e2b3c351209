import { compiledFolder } from '../../docker/trial/compile-cache.ts';

/** Sets one compile cache for all processes that the tests of a run start. */
// jest takes a setup as a default export only.
// oxlint-disable-next-line import/no-default-export -- jest takes the default export
export default function setup(): void {
  process.env['NODE_COMPILE_CACHE'] ??= compiledFolder;
}
