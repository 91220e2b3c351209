import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** One instruction of a Dockerfile: `COPY --from=packages /app ./app`. */
export type Instruction = { readonly name: string; readonly text: string };

/** One stage: its base, and its instructions. */
export type Stage = { readonly name: string; readonly from: string; readonly steps: readonly Instruction[] };

/** The parts of an image that can be built without a container engine: files, user and command. */
export type Image = {
  readonly folder: string;
  readonly workdir: string;
  readonly user: string;
  readonly command: readonly string[];
};

/** Reads the stages of docker/Dockerfile, by name. */
export function readStages(): ReadonlyMap<string, Stage> {
  const text = readFileSync(join(root, 'docker/Dockerfile'), 'utf8').replaceAll(/^#.*$/gm, '');
  const lines = text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim());
  const stages = new Map<string, Stage & { readonly steps: Instruction[] }>();
  let steps: Instruction[] = [];
  for (const line of lines.filter((one) => one !== '')) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name !== 'FROM') {
      steps.push({ name, text: rest });
      continue;
    }
    const [, from = '', as = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
    steps = [];
    stages.set(as, { name: as, from, steps });
  }
  return stages;
}

/** Returns a stage after all stages that it is based on. */
export function lineOf(stages: ReadonlyMap<string, Stage>, name: string): readonly Stage[] {
  const stage = stages.get(name);
  return stage === undefined ? [] : [...lineOf(stages, stage.from), stage];
}

/** Tells whether docker/Dockerfile.dockerignore includes a path in the build context. */
export function isInContext(path: string): boolean {
  const text = readFileSync(join(root, 'docker/Dockerfile.dockerignore'), 'utf8');
  const included = text.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  return included.some((one) => path === one || path.startsWith(`${one}/`));
}

/**
 * Builds the files of images in a folder from the COPY and package instructions of the Dockerfile. Does not run `npm ci`:
 * links the installed packages and prunes them instead. Does not change files of the base image.
 */
export class Images {
  readonly #folder: string;
  readonly #stages = readStages();
  readonly #packages = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  build(target: string, args: Readonly<Record<string, string>> = {}, as = target): Image {
    const folder = join(this.#folder, as);
    let workdir = '/';
    let user = 'root';
    let command: readonly string[] = [];
    for (const { name, text } of lineOf(this.#stages, target).flatMap(({ steps }) => steps)) {
      const said = text.replaceAll(/\$\{(\w+)\}/g, (_, key: string) => args[key] ?? `missing ${key}`);
      if (name === 'WORKDIR') workdir = said;
      else if (name === 'USER') user = said;
      else if (name === 'CMD') command = JSON.parse(said);
      else if (name === 'COPY') this.#copy(said, folder, workdir);
    }
    return { folder, workdir, user, command };
  }

  #copy(text: string, folder: string, workdir: string): void {
    const words = text.split(' ').filter((word) => !word.startsWith('--chown'));
    const to = words.at(-1) ?? '';
    const target = join(folder, to.startsWith('/') ? to : join(workdir, to));
    const stage = /^--from=(\S+)$/.exec(words[0] ?? '')?.[1];
    if (stage !== undefined) return link(join(this.#packagesOf(stage), basename(to)), target);
    for (const from of words.slice(0, -1)) {
      if (!isInContext(normalize(from))) throw new Error(`${from} is not in the build's context`);
      const isFolder = to.endsWith('/');
      cpSync(join(root, from), isFolder ? join(target, basename(from)) : target, { recursive: true });
    }
  }

  /** The folder of a stage of packages: those of `npm ci`, or what a step leaves of them. */
  #packagesOf(stage: string): string {
    const known = this.#packages.get(stage);
    if (known !== undefined) return known;
    const made = join(this.#folder, 'packages', stage);
    const { from = '', steps = [] } = this.#stages.get(stage) ?? {};
    if (stage === 'packages') this.#install(made, steps);
    else {
      const below = this.#packagesOf(from);
      for (const file of ['package.json', 'package-lock.json', '.npmrc', 'keep.ts'])
        copyTo(join(below, file), made);
      link(join(below, 'node_modules'), join(made, 'node_modules'));
      for (const { name, text } of steps)
        if (name === 'RUN') execFileSync('sh', ['-c', text], { cwd: made, stdio: 'pipe' });
    }
    this.#packages.set(stage, made);
    return made;
  }

  #install(made: string, steps: readonly Instruction[]): void {
    const [copy, install] = [
      steps.find(({ name }) => name === 'COPY'),
      steps.find(({ name }) => name === 'RUN'),
    ];
    for (const from of copy?.text.split(' ').slice(0, -1) ?? []) copyTo(join(root, from), made);
    link(join(root, 'node_modules'), join(made, 'node_modules'));
    const prune = install?.text.replace(/^npm ci /, 'npm prune ') ?? '';
    execFileSync('sh', ['-c', prune], { cwd: made, stdio: 'pipe' });
  }
}

function copyTo(file: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  copyFileSync(file, join(folder, basename(file)));
}

/** A folder of packages as hard links, but for what npm writes into it. */
function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  execFileSync('cp', ['-al', from, to]);
  const own = join(to, '.package-lock.json');
  if (existsSync(own)) execFileSync('cp', ['--remove-destination', join(from, '.package-lock.json'), own]);
}
