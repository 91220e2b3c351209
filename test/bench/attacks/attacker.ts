import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** An attack, with the addresses and tokens that it needs. */
export type Order = {
  readonly attack: string;
  readonly hub: string;
  /** The URL of CERT-EU's real subgraph. */
  readonly subgraph: string;
  readonly tokens: readonly string[];
  readonly atOnce: number;
};

/** The hostile answers or requests that were sent, and the number of each status. */
export type Sent = {
  requests: number;
  bytes: number;
  readonly statuses: Record<string, number>;
};

export type Command = { readonly kind: 'begin'; readonly order: Order } | { readonly kind: 'end' };

/** The attacker, in a separate process so that its work does not delay the clients of the calm readers. */
export class Attacker {
  /** The address to give to the hub for CERT-EU's subgraph. */
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(): Promise<Attacker> {
    // In a separate process group, so that Ctrl-C does not reach it before the trial has stopped.
    const child = fork(join(import.meta.dirname, 'attacker-process.ts'), { detached: true });
    return new Attacker(child, (await answerOf(child)) as string);
  }

  /** Starts an attack. The attack `none` passes all requests on to the real subgraph. */
  async begin(order: Order): Promise<void> {
    await this.#ask({ kind: 'begin', order });
  }

  /** Ends the attack, and returns what was sent once no request is pending. */
  async end(): Promise<Sent> {
    return (await this.#ask({ kind: 'end' })) as Sent;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  async #ask(command: Command): Promise<unknown> {
    const answered = answerOf(this.#child);
    this.#child.send(command);
    return await answered;
  }
}

/** Returns the next message of the process. Throws if it ends before. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const done = new AbortController();
  try {
    const { signal } = done;
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error('the process of the attacker ended');
    });
    const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return answer;
  } finally {
    done.abort();
  }
}
