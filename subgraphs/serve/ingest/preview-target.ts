import { randomBytes } from 'node:crypto';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Prepared } from './prepare.ts';
import type { Sink, Target, Written } from './target.ts';
import { openings } from '../preview/openings.ts';
import { type Counted, Tally } from '../preview/tally.ts';

/** Where an import goes that is only tried: it counts to whom each record would open, and writes nothing. */
export class PreviewTarget implements Sink {
  readonly #policy: Policy;
  readonly #actors: Sink['loadActors'];
  readonly #dryRun: Target['dryRun'];
  readonly #opened = new Tally();

  constructor(policy: Policy, { loadActors, dryRun }: Pick<Target, 'loadActors' | 'dryRun'>) {
    this.#policy = policy;
    this.#actors = loadActors;
    this.#dryRun = dryRun;
  }

  /** To whom the records would open, the most first; the examples are their ids in the source. */
  opened(): readonly Counted[] {
    return this.#opened.rows();
  }

  async write(batch: readonly Prepared[]): Promise<Written> {
    const dryRunResult = await this.#dryRun(batch);
    const refused: Written['refused'][number][] = [];
    for (const [at, { mapped }] of batch.entries()) {
      const one = dryRunResult[at];
      if (one === undefined) continue;
      if ('reason' in one) {
        refused.push({ at, ...one });
        continue;
      }
      const whom = openings(this.#policy, one.envelope, mapped.kind);
      if (whom.size === 0) this.#opened.add(`${mapped.kind}: nobody`, mapped.localId);
      for (const to of whom) this.#opened.add(`${mapped.kind}: ${to}`, mapped.localId);
    }
    return { added: 0, changed: 0, unchanged: batch.length - refused.length, refused };
  }

  async loadActors(): Promise<(name: string) => string | null> {
    return await this.#actors();
  }

  /** A key of this trial alone: what is met is told, and kept nowhere. */
  async spillageKey(): Promise<Buffer> {
    return await Promise.resolve(randomBytes(32));
  }

  async recordSpillage(): Promise<void> {
    await Promise.resolve();
  }
}
