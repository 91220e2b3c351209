import { randomUUID } from 'node:crypto';
import { ask, type Asker } from '../ask/client.ts';

/** An acknowledged change: the record, its version and its content. */
export type Acknowledged = { readonly id: string; readonly version: number; readonly judgement: string };

const create = `mutation Create($input: CreateDefenceAssessmentInput!) {
  change: createDefenceAssessment(input: $input) { record { id envelope { version } } userErrors { code } } }`;
const update = `mutation Update($input: UpdateDefenceAssessmentInput!) {
  change: updateDefenceAssessment(input: $input) { record { id envelope { version } } userErrors { code } } }`;

/** The vulnerability of all changes of a run, which separates them from other records. */
export const marked = 'EXERCISE: kept through a kill';

/**
 * Makes changes without a pause until it is stopped: creates records and changes each twice. Repeats a change under the
 * same key until it is acknowledged.
 */
export class Changes {
  /** The last acknowledged state of each record. */
  readonly acknowledged = new Map<string, Acknowledged>();
  /** The numbers of acknowledged changes and of repeated requests. */
  changes = 0;
  again = 0;
  /** User errors, such as a stale version, which no kill explains. */
  readonly refused: string[] = [];
  #stopped = false;
  readonly #askers: () => Asker;
  readonly #running: Promise<unknown>;

  constructor(askers: () => Asker, atOnce: number) {
    this.#askers = askers;
    this.#running = Promise.all(Array.from({ length: atOnce }, async () => await this.#loop()));
  }

  /** Stops after the pending changes are acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      const first = contentOf(0);
      const made = await this.#send(
        create,
        { content: first, reading: { marking: { tlp: 'GREEN' } } },
        first,
      );
      if (made === null) continue;
      for (const turn of [1, 2]) {
        const content = contentOf(turn);
        const change = { id: made.id, expectedVersion: turn, content };
        if ((await this.#send(update, change, content)) === null) break;
      }
    }
  }

  async #send(query: string, change: object, { judgement }: Content): Promise<Acknowledged | null> {
    const variables = { input: { key: randomUUID(), ...change } };
    for (;;) {
      const answer = await ask(this.#askers(), { query, variables }).catch(() => null);
      const result = answer === null ? null : (JSON.parse(answer.text) as Answer).data?.change;
      if (result?.record) {
        const done = { id: result.record.id, version: result.record.envelope.version, judgement };
        this.acknowledged.set(done.id, done);
        this.changes += 1;
        return done;
      }
      if (result?.userErrors?.[0] !== undefined) {
        this.refused.push(result.userErrors[0].code);
        return null;
      }
      this.again += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

type Content = ReturnType<typeof contentOf>;
type Answer = {
  readonly data?: {
    readonly change?: {
      readonly record: { readonly id: string; readonly envelope: { readonly version: number } } | null;
      readonly userErrors?: readonly { readonly code: string }[];
    } | null;
  } | null;
};

function contentOf(turn: number) {
  return {
    subject: { vulnerability: 'CVE-2099-10001' },
    judgement: `${marked}, ${turn} ${randomUUID()}`,
    missionImpact: 'DEGRADED',
  };
}
