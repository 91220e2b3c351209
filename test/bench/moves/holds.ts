import { randomUUID } from 'node:crypto';
import { capital } from '../../../schema/workflow/graph/names.ts';
import { ask, type Asker } from '../ask/client.ts';

/** A move that the hub acknowledged, by the key that its client chose. */
export type Acknowledged = { readonly key: string; readonly record: string; readonly move: string };

/** The reader that asks for the holds, and the one that answers. */
export type Sides = { readonly asker: () => Asker; readonly addressee: () => Asker };

/** The registry id of the organisation that answers. */
export const addressee = 'csirt-fr';

/** How long a hold applies. Long enough for its moves to be repeated through two kills. */
const holdMs = 60_000;

type Payload = {
  readonly record: { readonly id: string } | null;
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
};

/**
 * Asks for holds without a pause until it is stopped: each is agreed, then every second one is lifted and the clock ends
 * the others. Repeats a move under the same key until it is acknowledged.
 */
export class Holds {
  readonly acknowledged: Acknowledged[] = [];
  /** Holds that the clock is to end, with their end. */
  readonly lapsing = new Map<string, Date>();
  /** Requests that were sent again, moves that came after the end of their hold, and refusals that nothing explains. */
  again = 0;
  late = 0;
  readonly refused: string[] = [];
  #isStopped = false;
  #turn = 0;
  readonly #sides: Sides;
  readonly #running: Promise<unknown>;

  constructor(sides: Sides, atOnce: number) {
    this.#sides = sides;
    this.#running = Promise.all(Array.from({ length: atOnce }, async () => await this.#loop()));
  }

  /** Stops after the pending moves are acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#isStopped) {
      this.#turn += 1;
      const isLifted = this.#turn % 2 === 0;
      const { asker, addressee: answering } = this.#sides;
      const until = new Date(Date.now() + holdMs);
      const record = await this.#make(asker, 'ask', until, null, contentOf(until));
      if (record === null) continue;
      const agreed = { expectedVersion: 1, scope: 'EXERCISE', until };
      if ((await this.#make(answering, 'agree', until, record, agreed)) === null) continue;
      if (!isLifted) this.lapsing.set(record, until);
      else
        await this.#make(asker, 'lift', until, record, {
          expectedVersion: 1,
          addressee,
          reason: 'EXERCISE',
        });
    }
  }

  /** Makes a move. Returns the id of the record; null if the move was refused, or came after the end of the hold. */
  async #make(
    who: () => Asker,
    move: string,
    until: Date,
    id: string | null,
    input: object,
  ): Promise<string | null> {
    const key = randomUUID();
    const name = `${move}DeconflictionHold`;
    const query = `mutation M($input: ${capital(name)}Input!) {
      move: ${name}(input: $input) { record { id } userErrors { code message } } }`;
    const variables = { input: { key, ...(id !== null && { id }), ...input } };
    for (;;) {
      const answer = await ask(who(), { query, variables }).catch(() => null);
      const payload = answer === null ? null : payloadIn(answer.text);
      const record = payload?.record?.id ?? null;
      if (record !== null) {
        this.acknowledged.push({ key, record, move });
        return record;
      }
      const refused = payload?.userErrors[0];
      if (refused !== undefined) {
        if (Date.now() > until.getTime()) this.late += 1;
        else this.refused.push(`${move}: ${refused.code} ${refused.message}`);
        return null;
      }
      this.again += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function payloadIn(text: string): Payload | null {
  try {
    return (JSON.parse(text) as { readonly data?: { readonly move?: Payload | null } }).data?.move ?? null;
  } catch {
    return null;
  }
}

function contentOf(until: Date) {
  return {
    content: {
      on: { kind: 'TAKEDOWN', what: 'EXERCISE: a command server' },
      until,
      contact: 'EXERCISE desk',
      reason: 'EXERCISE',
    },
    addressees: [addressee],
    act: 'EXERCISE',
    telephone: '+32 2 000 00 00',
  };
}
