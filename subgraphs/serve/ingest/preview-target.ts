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
  readonly #isOlder: Sink['isOlder'];
  readonly #opened = new Tally();

  constructor(
    policy: Policy,
    { loadActors, dryRun, isOlder }: Pick<Target, 'loadActors' | 'dryRun' | 'isOlder'>,
  ) {
    this.#policy = policy;
    this.#actors = loadActors;
    this.#dryRun = dryRun;
    this.#isOlder = isOlder;
  }

  /** Returns the counts by readers, the highest first. The examples are ids of the source. */
  opened(): readonly Counted[] {
    return this.#opened.rows();
  }

  async write(batch: readonly Prepared[]): Promise<Written> {
    const results = await this.#dryRun(batch);
    const refused: Written['refused'][number][] = [];
    let older = 0;
    for (const [at, { mapped }] of batch.entries()) {
      const one = results[at];
      if (one === undefined || mapped.withdrawn === true) continue;
      if ('isOlder' in one) {
        older += 1;
        continue;
      }
      if ('reason' in one) {
        refused.push({ at, ...one });
        continue;
      }
      const readers = openings(this.#policy, one.envelope, mapped.kind);
      if (readers.size === 0) this.#opened.add(`${mapped.kind}: nobody`, mapped.localId);
      for (const to of readers) this.#opened.add(`${mapped.kind}: ${to}`, mapped.localId);
    }
    const unchanged = batch.length - refused.length - older;
    return { added: 0, changed: 0, unchanged, older, withdrawn: 0, refused };
  }

  async loadActors(): Promise<(name: string) => string | null> {
    return await this.#actors();
  }

  async isOlder(...edition: Parameters<Sink['isOlder']>): Promise<boolean> {
    return await this.#isOlder(...edition);
  }

  /** A preview withdraws nothing. */
  async closeEdition(): Promise<number> {
    return await Promise.resolve(0);
  }

  /** Returns a random key: a preview stores no hash. */
  async spillageKey(): Promise<Buffer> {
    return await Promise.resolve(randomBytes(32));
  }

  async recordSpillage(): Promise<void> {
    await Promise.resolve();
  }
}
