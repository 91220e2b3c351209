import { communities, type Community } from '../../../schema/record/vocabulary.ts';
import { ask, type Asker } from '../ask/client.ts';

/** One list of each community for one vulnerability of the exercise. A complete answer has records of each. */
const lists: Readonly<Record<Community, string>> = {
  enisa: 'exploitation',
  'cert-eu': 'advisories',
  europol: 'ransomwareFamilies',
  eeas: 'cyberIncidents',
  defence: 'defenceAssessments',
  'joint-unit': 'jointCaseRecords',
};

/** Returns a query for one vulnerability with a list of each of these communities. */
function queryFor(asked: readonly Community[]): string {
  const fields = asked.map((name) => `${lists[name]} { nodes { id } }`);
  return `{ vulnerability(id: "CVE-2099-10001") { name ${fields.join(' ')} } }`;
}

/** An answer under load: its time, its latency, and the communities whose records are missing. */
export type Sample = {
  /** Start of the request, in milliseconds of this process. */
  readonly at: number;
  readonly ms: number;
  readonly lost: readonly Community[];
  /** True without an answer: another status, or an empty body. */
  readonly failed: boolean;
};

/** Sends concurrent requests without a pause until it is stopped, and keeps every answer. */
export class Load {
  readonly samples: Sample[] = [];
  readonly #asker: Asker;
  readonly #asked: readonly Community[];
  readonly #running: Promise<unknown>;
  #stopped = false;

  constructor(asker: Asker, atOnce: number, asked: readonly Community[] = communities) {
    this.#asker = asker;
    this.#asked = asked;
    this.#running = Promise.all(Array.from({ length: atOnce }, async () => await this.#loop()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Waits for the first sample at or after `from` that `holds`, and returns it with the samples before it. */
  async until(from: number, holds: (sample: Sample) => boolean, maxMs: number): Promise<Sample | null> {
    const end = performance.now() + maxMs;
    for (;;) {
      const found = this.samples.filter(({ at }) => at >= from).find(holds);
      if (found !== undefined) return found;
      if (performance.now() > end) return null;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) this.samples.push(await this.#one());
  }

  async #one(): Promise<Sample> {
    const at = performance.now();
    try {
      const { text, ms } = await ask(this.#asker, { query: queryFor(this.#asked), variables: {} });
      return { at, ms, ...readAnswer(text, this.#asked) };
    } catch {
      return { at, ms: performance.now() - at, lost: [], failed: true };
    }
  }
}

function readAnswer(text: string, asked: readonly Community[]): Pick<Sample, 'lost' | 'failed'> {
  type Answer = { readonly data?: { readonly vulnerability?: Readonly<Record<string, Page | null>> | null } };
  type Page = { readonly nodes?: readonly unknown[] };
  const found = (JSON.parse(text) as Answer).data?.vulnerability;
  if (found === undefined || found === null) return { lost: [], failed: true };
  const lost = asked.filter((name) => (found[lists[name]]?.nodes?.length ?? 0) === 0);
  return { lost, failed: false };
}
