import { ask, type Asker } from '../ask/client.ts';

const query = `query Changes($after: String) {
  changes(kinds: [DEFENCE_ASSESSMENT]) { defence(first: 50, after: $after) {
    nodes { recordId isGone version mayRepeat } pageInfo { hasNextPage endCursor } startsOver upTo } } }`;

type Page = {
  readonly nodes: readonly {
    readonly recordId: string;
    readonly isGone: boolean;
    readonly version: number | null;
    readonly mayRepeat: boolean;
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  readonly startsOver: boolean;
  readonly upTo: string | null;
};

/** The figures of a copy, for the report. */
export type CopyFigures = {
  readonly records: number;
  readonly pages: number;
  readonly changes: number;
  readonly gone: number;
  readonly startedOver: number;
  readonly failed: number;
  /** Changes that an earlier page had and that were not marked so. */
  readonly repeatedUnmarked: number;
};

/** A reader's copy of the assessments, which reads the changes again and again until it is stopped. */
export class Copy {
  readonly name: string;
  readonly records = new Map<string, number>();
  readonly #asker: () => Asker;
  readonly #got = new Set<string>();
  readonly #counts = { pages: 0, changes: 0, gone: 0, startedOver: 0, failed: 0, repeatedUnmarked: 0 };
  #cursor: string | null = null;
  #again: Set<string> | null = null;
  #upTo = 0;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(name: string, asker: () => Asker) {
    this.name = name;
    this.#asker = asker;
    this.#running = this.#loop();
  }

  get figures(): CopyFigures {
    return { records: this.records.size, ...this.#counts };
  }

  /** Stops after it has read all changes up to a time. */
  async stopAfter(time: number): Promise<void> {
    while (this.#upTo < time) await pause(200);
    this.#stopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const page = await this.#read();
      if (page === null) this.#counts.failed += 1;
      else this.#take(page);
      if (page?.pageInfo.hasNextPage !== true) await pause(300);
    }
  }

  async #read(): Promise<Page | null> {
    const answer = await ask(this.#asker(), { query, variables: { after: this.#cursor } }).catch(() => null);
    if (answer === null || !answer.whole) return null;
    return (JSON.parse(answer.text) as { data: { changes: { defence: Page } } }).data.changes.defence;
  }

  #take({ nodes, pageInfo, startsOver, upTo }: Page): void {
    this.#counts.pages += 1;
    if (startsOver) {
      this.#counts.startedOver += 1;
      this.#again = new Set();
    }
    for (const { recordId, isGone, version, mayRepeat } of nodes) {
      const change = `${recordId} ${version ?? 'gone'}`;
      this.#counts.changes += 1;
      if (isGone) this.#counts.gone += 1;
      if (this.#got.has(change) && !mayRepeat && !isGone) this.#counts.repeatedUnmarked += 1;
      this.#got.add(change);
      this.#again?.add(recordId);
      if (isGone || version === null) this.records.delete(recordId);
      else this.records.set(recordId, version);
    }
    this.#cursor = pageInfo.endCursor;
    if (pageInfo.hasNextPage) return;
    if (this.#again !== null)
      for (const id of this.records.keys()) if (!this.#again.has(id)) this.records.delete(id);
    this.#again = null;
    this.#upTo = upTo === null ? this.#upTo : Date.parse(upTo);
  }
}

/** Lists the assessments that a reader may see now, but those marked RED: id and version. */
export async function listNow(asker: Asker): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let after: string | null = null; ;) {
    const body = {
      query: `query List($after: String) { defenceAssessments(first: 100, after: $after) {
        nodes { id envelope { version marking { tlp } } } pageInfo { hasNextPage endCursor } } }`,
      variables: { after },
    };
    const answer = await ask(asker, body);
    if (!answer.whole) throw new Error(`expected a whole answer, got ${answer.text.slice(0, 300)}`);
    const { nodes, pageInfo } = (JSON.parse(answer.text) as { data: { defenceAssessments: Listed } }).data
      .defenceAssessments;
    for (const { id, envelope } of nodes) if (envelope.marking.tlp !== 'RED') found.set(id, envelope.version);
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

type Listed = {
  readonly nodes: readonly {
    readonly id: string;
    readonly envelope: { readonly version: number; readonly marking: { readonly tlp: string } };
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
};

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
