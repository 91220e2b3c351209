import { setTimeout as pause } from 'node:timers/promises';
import { Mover, type SignIn } from './mover.ts';
import { type Script, scripts } from './scripts.ts';
import { Turn } from './turn.ts';

/** A turn of a workflow that was made from its first move to its last one. */
export type WholeTurn = { readonly script: string; readonly turn: Turn };

/** The time between two turns of a workflow. Holds, runs and mobilisations share two cores with the parts that are killed. */
const betweenMs = 3000;

/**
 * Makes the moves of other workflows during the kills, one turn of each at a time. The first turn of each is made before any kill:
 * all others must leave the same in the store.
 */
export class Traffic {
  readonly mover: Mover;
  readonly whole: WholeTurn[] = [];
  readonly refused: string[] = [];
  #isStopped = false;
  #running: Promise<unknown> = Promise.resolve();
  #turns = 0;

  constructor(signIn: SignIn) {
    this.mover = new Mover(signIn);
  }

  /** Makes the first turn of each workflow. Throws if a move is refused. */
  async begin(): Promise<void> {
    for (const script of scripts) await this.#once(script);
    this.#running = Promise.all(scripts.map(async (script) => await this.#repeat(script)));
  }

  /** Stops after the turns in progress. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #repeat(script: Script): Promise<void> {
    for (let turns = 1; turns < script.most && !this.#isStopped; turns += 1) {
      await pause(betweenMs);
      await this.#once(script).catch((error: unknown) => {
        this.refused.push(error instanceof Error ? error.message : String(error));
      });
    }
  }

  async #once({ name, run }: Script): Promise<void> {
    this.#turns += 1;
    const turn = new Turn(this.mover, `EX-T${this.#turns}`);
    await run(turn);
    this.whole.push({ script: name, turn });
  }
}
