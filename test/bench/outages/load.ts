import { communities, type Community } from '../../../schema/record/vocabulary.ts';
import { ask, type Asker } from '../ask/client.ts';

/** One list of each community, all of one vulnerability of the exercise: a whole answer has something of each. */
const lists: Readonly<Record<Community, string>> = {
  enisa: 'exploitation',
  'cert-eu': 'advisories',
  europol: 'ransomwareFamilies',
  eeas: 'cyberIncidents',
  defence: 'defenceAssessments',
  'joint-unit': 'jointCaseRecords',
};
const fields = Object.values(lists).map((name) => `${name} { nodes { id } }`);
const query = `{ vulnerability(id: "CVE-2099-10001") { name ${fields.join(' ')} } }`;

/** An answer under load: when it was asked, how long it took, and which communities' parts are not in it. */
export type Sample = {
  /** Milliseconds of this process. */
  readonly at: number;
  readonly ms: number;
  readonly lost: readonly Community[];
  /** Whether there is no answer at all: another status, or nothing in it. */
  readonly failed: boolean;
};

/** Asks without a pause with so many at once until it is stopped; every answer is kept. */
export class Load {
  readonly samples: Sample[] = [];
  readonly #asker: Asker;
  readonly #running: Promise<unknown>;
  #stopped = false;

  constructor(asker: Asker, atOnce: number) {
    this.#asker = asker;
    this.#running = Promise.all(Array.from({ length: atOnce }, async () => await this.#loop()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** The first sample asked at or after `from` that `holds`, with those before it that do not; waits for it. */
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
      const { text, ms } = await ask(this.#asker, { query, variables: {} });
      return { at, ms, ...readAnswer(text) };
    } catch {
      return { at, ms: performance.now() - at, lost: [], failed: true };
    }
  }
}

function readAnswer(text: string): Pick<Sample, 'lost' | 'failed'> {
  type Answer = { readonly data?: { readonly vulnerability?: Readonly<Record<string, Page | null>> | null } };
  type Page = { readonly nodes?: readonly unknown[] };
  const found = (JSON.parse(text) as Answer).data?.vulnerability;
  if (found === undefined || found === null) return { lost: [], failed: true };
  const lost = communities.filter((name) => (found[lists[name]]?.nodes?.length ?? 0) === 0);
  return { lost, failed: false };
}
