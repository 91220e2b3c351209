import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../docker/trial/stores/ports.ts';
import type { Composed, Service } from './composed.ts';
import type { Image, Images } from './images.ts';

const waitMs = 60_000;

type Running = { readonly child: ChildProcess; said: string };

/** The exit code and the output of a command. */
export type Ended = { readonly code: number | null; readonly said: string };

/**
 * Runs the services of docker/compose.yaml without a container engine: each with its image's command and files and only the
 * environment of compose.yaml, in the order of `depends_on`, with its health check. Two things differ: all services listen
 * on the loopback, so host names and ports are replaced; and no process is isolated.
 */
export class Engine {
  readonly #composed: Composed;
  readonly #images: Images;
  readonly #folder: string;
  readonly #mongod: string;
  readonly #ports = new Map<string, number>();
  readonly #built = new Map<string, Image>();
  readonly #running = new Map<string, Running>();
  readonly #started = new Map<string, Promise<void>>();

  constructor(
    composed: Composed,
    images: Images,
    place: { readonly folder: string; readonly mongod: string },
  ) {
    this.#composed = composed;
    this.#images = images;
    this.#folder = place.folder;
    this.#mongod = place.mongod;
  }

  /** Assigns a port to each service, and builds each image once. */
  async prepare(): Promise<void> {
    for (const name of Object.keys(this.#composed.services)) this.#ports.set(name, await freePort());
    for (const [name, { build }] of Object.entries(this.#composed.services)) {
      const { target = '', args = {} } = build ?? {};
      const as = [target, ...Object.values(args)].join('-');
      if (!this.#built.has(as)) this.#built.set(as, this.#images.build(target, args, as));
      this.#built.set(`service ${name}`, this.#built.get(as) as Image);
    }
  }

  portOf(service: string): number {
    return this.#ports.get(service) ?? 0;
  }

  /** Starts a service after its dependencies, and waits until it is healthy or has ended with exit code 0. */
  async up(name: string): Promise<void> {
    const begun = this.#started.get(name) ?? this.#bringUp(name);
    this.#started.set(name, begun);
    await begun;
  }

  /** Runs another command in a service's image, with its environment. */
  async run(name: string, command: readonly string[]): Promise<Ended> {
    return await this.#end(this.#spawn(name, command));
  }

  /** Stops a service, and returns its exit code and output. */
  async stop(name: string): Promise<Ended> {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`expected ${name} to run, it does not`);
    this.#running.delete(name);
    this.#started.delete(name);
    running.child.kill('SIGTERM');
    return await this.#end(running);
  }

  /** Stops all services, in reverse order of their start. */
  async down(): Promise<void> {
    for (const name of [...this.#running.keys()].toReversed()) await this.stop(name);
  }

  async #bringUp(name: string): Promise<void> {
    const service = this.#serviceOf(name);
    const known = Object.keys(service.depends_on).filter((one) => one in this.#composed.services);
    await Promise.all(known.map(async (one) => await this.up(one)));
    const running = this.#spawn(name, service.command ?? this.#imageOf(name).command);
    if (service.healthcheck === undefined) {
      const { code, said } = await this.#end(running);
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${said}`);
      return;
    }
    this.#running.set(name, running);
    await this.#untilHealthy(name, running, service.healthcheck.test);
  }

  async #untilHealthy(name: string, running: Running, test: readonly string[]): Promise<void> {
    const until = Date.now() + waitMs;
    for (;;) {
      if (running.child.exitCode !== null) throw new Error(`${name} ended: ${running.said}`);
      if ((await this.run(name, test.slice(1))).code === 0) return;
      if (Date.now() > until) throw new Error(`${name} is not healthy: ${running.said}`);
      // Each check is a process, which takes CPU from the service that starts.
      await pause(700);
    }
  }

  #spawn(name: string, command: readonly string[]): Running {
    const env = { ...this.#environmentOf(name), PATH: this.#path() };
    const image = this.#imageOf(name);
    // The store's command names a file in the root of its image.
    const [file = '', ...args] = command.map((word) => this.#localise(name, word));
    const cwd = join(image.folder, image.workdir);
    const rooted = args.map((word) => word.replace(/^\/store\//, `${image.folder}/store/`));
    mkdirSync(cwd, { recursive: true });
    const child = spawn(file, rooted, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const running: Running = { child, said: '' };
    const append = (chunk: Buffer) => (running.said = `${running.said}${chunk.toString()}`.slice(-4000));
    child.stdout.on('data', append);
    child.stderr.on('data', append);
    return running;
  }

  async #end(running: Running): Promise<Ended> {
    const { child } = running;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return { code: child.exitCode, said: running.said };
  }

  #path(): string {
    return [dirname(process.execPath), dirname(this.#mongod), '/usr/bin', '/bin'].join(':');
  }

  /** Returns the environment of compose.yaml, plus the ports and store folders of this machine. */
  #environmentOf(name: string): Readonly<Record<string, string>> {
    const { environment, build } = this.#serviceOf(name);
    const said = Object.entries(environment).map(
      ([key, value]) => [key, this.#localise(name, value)] as const,
    );
    const env = Object.fromEntries(said);
    const port = String(this.portOf(name));
    if (build?.target === 'store') return { ...env, ...this.#storePlace(name), JCU_STORE_PORT: port };
    const store = name.replace('setup-', 'store-');
    if (name.startsWith('setup-')) return { ...env, JCU_STORE_LOCAL: `127.0.0.1:${this.portOf(store)}` };
    return { ...env, ...('JCU_HOST' in env && { JCU_HOST: '127.0.0.1', JCU_PORT: port }) };
  }

  #storePlace(name: string): Readonly<Record<string, string>> {
    const folder = join(this.#folder, 'volumes', name);
    mkdirSync(folder, { recursive: true });
    return {
      JCU_STORE_FOLDER: folder,
      JCU_STORE_KEY_FILE: `${folder}.key`,
      JCU_STORE_BIND: '127.0.0.1',
      JCU_STORE_CACHE_GB: '0.25',
    };
  }

  /** Replaces paths and host names of a container by those of this machine. */
  #localise(name: string, text: string): string {
    let localised = text;
    for (const volume of this.#serviceOf(name).volumes) {
      const [from = '', to = ''] = volume.split(':');
      const place = from.startsWith('/') ? from : join(this.#folder, 'volumes', from);
      localised = localised.replaceAll(to, place);
    }
    return this.address(localised)
      .replace('/dev/tcp/127.0.0.1/27017', `/dev/tcp/127.0.0.1/${this.portOf(name)}`)
      .replace('--port=4443', `--port=${this.portOf(name)}`);
  }

  /** Replaces the host names of services by the loopback, in URLs and in the addresses of stores. */
  address(text: string): string {
    const at = (service: string, as: string) =>
      this.#ports.has(service) ? `127.0.0.1:${this.portOf(service)}` : as;
    return text
      .replaceAll(/(?<=:\/\/)([a-z-]+):(?:4443|4000)/g, (as, service: string) => at(service, as))
      .replaceAll(/(store-[a-z-]+):27017/g, (as, service: string) => at(service, as));
  }

  #serviceOf(name: string): Service {
    const service = this.#composed.services[name];
    if (service === undefined) throw new Error(`expected a service of compose.yaml, got ${name}`);
    return service;
  }

  #imageOf(name: string): Image {
    const image = this.#built.get(`service ${name}`);
    if (image === undefined) throw new Error(`no image was built for ${name}`);
    return image;
  }
}
