import { randomBytes } from 'node:crypto';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Prepared } from './prepare.ts';
import type { Sink, Target, Written } from './target.ts';
import { openings } from '../preview/openings.ts';
import { type Counted, Tally } from '../preview/tally.ts';

/** The target of `--preview`: counts the readers that each record would admit, and writes nothing. */
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

  /** Returns the counts by readers, the highest first. The examples are ids of the source. */
  opened(): readonly Counted[] {
    return this.#opened.rows();
  }

  async write(batch: readonly Prepared[]): Promise<Written> {
    const results = await this.#dryRun(batch);
    const refused: Written['refused'][number][] = [];
    for (const [at, { mapped }] of batch.entries()) {
      const one = results[at];
      if (one === undefined) continue;
      if ('reason' in one) {
        refused.push({ at, ...one });
        continue;
      }
      const readers = openings(this.#policy, one.envelope, mapped.kind);
      if (readers.size === 0) this.#opened.add(`${mapped.kind}: nobody`, mapped.localId);
      for (const to of readers) this.#opened.add(`${mapped.kind}: ${to}`, mapped.localId);
    }
    return { added: 0, changed: 0, unchanged: batch.length - refused.length, refused };
  }

  async loadActors(): Promise<(name: string) => string | null> {
    return await this.#actors();
  }

  /** Returns a random key: a preview stores no hash. */
  async spillageKey(): Promise<Buffer> {
    return await Promise.resolve(randomBytes(32));
  }

  async recordSpillage(): Promise<void> {
    await Promise.resolve();
  }
}
