import { type Mover, RefusedMove, type Who } from './mover.ts';

/** One pass through a workflow, from its first move to its last one, with all records that it made. */
export class Turn {
  /** The records, in the order in which they were made. */
  readonly records: string[] = [];
  /** A name that no other turn has, for persons who are booked. */
  readonly name: string;
  readonly #mover: Mover;

  constructor(mover: Mover, name: string) {
    this.#mover = mover;
    this.name = name;
  }

  /** Enters a record that no workflow of the turn changes. */
  async enter(who: Who, mutation: string, input: object): Promise<string> {
    return await this.#mover.make(who, mutation, input);
  }

  /** Makes the first move of a record, or enters one whose parts the turn moves. */
  async create(who: Who, mutation: string, input: object): Promise<string> {
    const id = await this.#mover.make(who, mutation, input);
    this.records.push(id);
    return id;
  }

  /** Makes a move on a version of a record or a thread. */
  async move(
    who: Who,
    mutation: string,
    id: string,
    expectedVersion: number,
    input: object = {},
  ): Promise<void> {
    await this.#mover.make(who, mutation, { id, expectedVersion, ...input });
  }

  /** Makes a move on the version that the record has now. */
  async moveNow(who: Who, mutation: string, root: string, id: string, input: object = {}): Promise<void> {
    const fields = 'envelope { version }';
    const { envelope } = await this.#mover.read<{ envelope: { version: number } }>(who, root, id, fields);
    await this.move(who, mutation, id, envelope.version, input);
  }

  /** Makes a move that must be refused. Throws if it is made. */
  async refused(code: string, who: Who, mutation: string, input: object): Promise<void> {
    const made = await this.#mover.make(who, mutation, input).catch((error: unknown) => {
      if (error instanceof RefusedMove && error.code === code) return null;
      throw error;
    });
    if (made !== null) throw new RefusedMove(mutation, '', `expected ${code}, but it was made`);
  }

  async read<Found>(who: Who, root: string, id: string, fields: string): Promise<Found> {
    return await this.#mover.read<Found>(who, root, id, fields);
  }
}
