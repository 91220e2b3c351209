import { compiledFolder } from '../../docker/trial/compile-cache.ts';

/** What tests start as processes of their own is compiled once for all of a run. */
// jest takes a setup as a default export only.
// oxlint-disable-next-line import/no-default-export
export default function setup(): void {
  process.env['NODE_COMPILE_CACHE'] ??= compiledFolder;
}
