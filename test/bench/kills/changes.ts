import { randomUUID } from 'node:crypto';
import { ask, type Asker } from '../ask/client.ts';

/** A change that the hub said was made: the record, its version then, and what it says. */
export type Acknowledged = { readonly id: string; readonly version: number; readonly judgement: string };

const create = `mutation Create($input: CreateDefenceAssessmentInput!) {
  change: createDefenceAssessment(input: $input) { record { id envelope { version } } userErrors { code } } }`;
const update = `mutation Update($input: UpdateDefenceAssessmentInput!) {
  change: updateDefenceAssessment(input: $input) { record { id envelope { version } } userErrors { code } } }`;

/** All records that the changes of a run name, so that they can be told from others. */
export const marked = 'EXERCISE: kept through a kill';

/**
 * Makes changes without a pause until it is stopped: creates records and changes each twice. What is not acknowledged is
 * sent again under the same key until it is.
 */
export class Changes {
  /** The newest acknowledged state of each record. */
  readonly acknowledged = new Map<string, Acknowledged>();
  /** Acknowledged changes, and how often one had to be sent again. */
  changes = 0;
  again = 0;
  /** What no kill explains: an answer that is a user error, such as a stale version. */
  readonly refused: string[] = [];
  #stopped = false;
  readonly #askers: () => Asker;
  readonly #running: Promise<unknown>;

  constructor(askers: () => Asker, atOnce: number) {
    this.#askers = askers;
    this.#running = Promise.all(Array.from({ length: atOnce }, async () => await this.#loop()));
  }

  /** Ends after the changes under way are acknowledged. */
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
      const said = answer === null ? null : (JSON.parse(answer.text) as Answer).data?.change;
      if (said?.record) {
        const done = { id: said.record.id, version: said.record.envelope.version, judgement };
        this.acknowledged.set(done.id, done);
        this.changes += 1;
        return done;
      }
      if (said?.userErrors?.[0] !== undefined) {
        this.refused.push(said.userErrors[0].code);
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
