import { randomUUID } from 'node:crypto';
import { ask, type Asker } from '../ask/client.ts';
import type { Chance } from '../ask/chance.ts';

/** Readings from the widest to the strictest. Each is open to fewer of the readers that copy. */
const readings = [
  { marking: { tlp: 'CLEAR' } },
  { marking: { tlp: 'GREEN' }, audience: { reach: 'COMMUNITY' } },
  {
    marking: { tlp: 'AMBER' },
    audience: { reach: 'NAMED', organisations: ['Organisation:milcert-ee', 'Organisation:csirt-fr'] },
  },
  { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations: ['Organisation:milcert-ee'] } },
] as const;

const create = `mutation Create($input: CreateDefenceAssessmentInput!) {
  change: createDefenceAssessment(input: $input) { record { id } userErrors { code } } }`;
const update = `mutation Update($input: UpdateDefenceAssessmentInput!) {
  change: updateDefenceAssessment(input: $input) { record { id } userErrors { code } } }`;
const mark = `mutation Mark($input: MarkRecordInput!) {
  change: markDefenceRecord(input: $input) { id userErrors { code } } }`;

/** Creates records, changes them and marks them up, one change after the other, until it is stopped. */
export class Markings {
  changes = 0;
  again = 0;
  /** User errors, which no kill explains. */
  readonly refused: string[] = [];
  /** The last answer that acknowledged no change. */
  last = '';
  readonly #asker: () => Asker;
  readonly #chance: Chance;
  #stopped = false;
  readonly #running: Promise<void>;

  constructor(asker: () => Asker, chance: Chance) {
    this.#asker = asker;
    this.#chance = chance;
    this.#running = this.#loop();
  }

  /** Stops after the pending changes are acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      let width = this.#chance.below(readings.length);
      const made = await this.#send(create, { content: content(), reading: readings[width] });
      if (made === null) continue;
      let version = 1;
      for (let step = this.#chance.below(5); step > 0; step -= 1) {
        const isMark = this.#chance.below(2) === 0 && width + 1 < readings.length;
        if (isMark) width += 1;
        const change = isMark ? { reading: readings[width] } : { content: content() };
        const done = await this.#send(isMark ? mark : update, {
          id: made,
          expectedVersion: version,
          ...change,
        });
        if (done === null) break;
        version += 1;
      }
    }
  }

  /** Repeats a change under the same key until it is acknowledged. Returns the record's id; null if it is refused. */
  async #send(query: string, change: object): Promise<string | null> {
    const variables = { input: { key: randomUUID(), ...change } };
    for (;;) {
      const answer = await ask(this.#asker(), { query, variables }).catch(() => null);
      const result = answer === null ? null : (JSON.parse(answer.text) as Answer).data?.change;
      const id = result?.record?.id ?? result?.id;
      if (result?.userErrors?.[0] !== undefined) {
        this.refused.push(result.userErrors[0].code);
        return null;
      }
      if (id !== undefined && id !== null) {
        this.changes += 1;
        return id;
      }
      this.again += 1;
      this.last = answer?.text ?? 'no answer';
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

type Answer = {
  readonly data?: {
    readonly change?: {
      readonly id?: string | null;
      readonly record?: { readonly id: string } | null;
      readonly userErrors?: readonly { readonly code: string }[];
    } | null;
  } | null;
};

function content() {
  return {
    subject: { vulnerability: 'CVE-2099-10001' },
    judgement: `EXERCISE: copied through a kill, ${randomUUID()}`,
    missionImpact: 'DEGRADED',
  };
}
