import { HubError } from '../../schema/errors.ts';
import type { AnswerSize } from '../dispatch/answer-size.ts';

/** The values after which the size is added up: a step for each value would cost more than the value. */
const step = 10_000;

/**
 * Counts what the hub's own subgraph answers, within the same limits as the answers of a community. A reader pays for rows, and
 * each row can have many fields with long values.
 */
export class AnswerRoom {
  readonly #size: AnswerSize;
  #values = 0;
  #bytes = 0;
  #full: HubError | null = null;

  constructor(size: AnswerSize) {
    this.#size = size;
  }

  /** Counts the value of one field. Throws OPERATION_TOO_LARGE, from then on for each value. */
  take(value: unknown): void {
    if (this.#full !== null) throw this.#full;
    this.#values += Array.isArray(value) ? value.length + 1 : 1;
    this.#bytes += lengthOf(value);
    if (this.#values + this.#bytes / 64 < step) return;
    try {
      this.#size.addValues(this.#values);
      this.#size.addBytes(this.#bytes);
    } catch (error) {
      this.#full = new HubError('OPERATION_TOO_LARGE', (error as Error).message, { cause: error });
      throw this.#full;
    }
    this.#values = 0;
    this.#bytes = 0;
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (!Array.isArray(value)) return 0;
  return value.reduce((sum: number, one: unknown) => sum + lengthOf(one), 0);
}
