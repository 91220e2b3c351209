import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { communities } from '../../schema/record/vocabulary.ts';

const root = join(import.meta.dirname, '..', '..');
const ofCommunities = communities.map((name) => `subgraphs/${name}`);

/** The folders that each folder may import from, besides itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  gateway: ['schema'],
  'subgraphs/serve': ['schema'],
  ...Object.fromEntries(ofCommunities.map((folder) => [folder, ['schema', 'subgraphs/serve']])),
  docker: ['schema', 'gateway', 'subgraphs/serve', ...ofCommunities],
};
const folders = [...Object.keys(allowed), 'test'];

type Import = { readonly from: string; readonly to: string; readonly file: string };

/** Every import between two folders, once from the folder itself and once from a folder inside it. */
const imports: readonly Import[] = Object.keys(allowed).flatMap((from) =>
  folders
    .filter((to) => from !== 'docker' || to !== 'test')
    .flatMap((to) =>
      [from, `${from}/inside`].map((place) => ({
        from,
        to,
        file: `${place}/to-${to.replaceAll('/', '-')}.ts`,
      })),
    ),
);

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'borders-'))));
afterAll(async () => await rm(folder, { recursive: true }));

/** Writes a file for each import, and returns the files in which the project's lint reports the import. */
async function lint(statement: (target: string) => string): Promise<ReadonlySet<string>> {
  await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const { file, to } of imports) {
    const target = relative(dirname(file), `${to}/target.ts`);
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), statement(target.startsWith('.') ? target : `./${target}`));
  }
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const { stdout } = await promisify(execFile)(process.execPath, [oxlint, '--format', 'json'], {
    cwd: folder,
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: unknown) => error as { stdout: string });
  const { diagnostics } = JSON.parse(stdout) as {
    readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
  };
  return new Set(
    diagnostics.filter(({ code }) => code.includes('no-restricted-imports')).map(({ filename }) => filename),
  );
}

test.each([
  ['import', (target: string) => `import { value } from '${target}';\nexport const copy = value;\n`],
  ['type import', (target: string) => `import type { Value } from '${target}';\nexport type Copy = Value;\n`],
  ['export', (target: string) => `export { value } from '${target}';\n`],
  ['dynamic import', (target: string) => `export const copy = await import('${target}');\n`],
])('lint reports every %s across a border, and no other', async (_kind, statement) => {
  const reported = await lint(statement);
  const forbidden = imports.filter(({ from, to }) => from !== to && allowed[from]?.includes(to) !== true);
  expect(forbidden.length).toBeGreaterThan(100);
  expect([...reported].toSorted()).toEqual(forbidden.map(({ file }) => file).toSorted());
});
