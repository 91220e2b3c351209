import { randomUUID } from 'node:crypto';
import { capital } from '../../../schema/workflow/graph/names.ts';
import { ask, type Asker } from '../ask/client.ts';
import type { Acknowledged } from './holds.ts';

/** Returns the address of the hub and a token that is valid now. */
export type SignIn = (as: string, purpose: string) => Promise<Asker>;
/** A reader of the trial, with the purpose of its token. */
export type Who = { readonly as: string; readonly purpose: string };

/** A change that the hub refused, with the reason. */
export class RefusedMove extends Error {
  readonly code: string;

  constructor(mutation: string, code: string, message: string) {
    super(`${mutation}: ${code} ${message}`);
    this.code = code;
  }
}

type Payload = {
  readonly record: { readonly id: string } | null;
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
};
type Answer<Data> = {
  readonly data?: { readonly found?: Data | null } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
};

/** Errors of a request that no repetition mends. */
const lasting: ReadonlySet<string | undefined> = new Set([
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'UNKNOWN_RECIPIENT',
  'REFUSED',
]);
const againMs = 100;

/** Sends changes through kills: each again under the same key until the hub acknowledges or refuses it. */
export class Mover {
  readonly acknowledged: Acknowledged[] = [];
  /** The requests that were sent again. */
  again = 0;
  readonly #signIn: SignIn;

  constructor(signIn: SignIn) {
    this.#signIn = signIn;
  }

  /** Makes a change. Returns the id of its record. Throws RefusedMove. */
  async make(who: Who, mutation: string, input: object): Promise<string> {
    const key = randomUUID();
    const query = `mutation M($input: ${capital(mutation)}Input!) {
      found: ${mutation}(input: $input) { record { id } userErrors { code message } }
    }`;
    const { record, userErrors } = await this.#send<Payload>(who, query, { input: { key, ...input } });
    if (record === null)
      throw new RefusedMove(mutation, userErrors[0]?.code ?? '', userErrors[0]?.message ?? '');
    // Records that are entered by hand have no moves.
    if (!mutation.startsWith('create')) this.acknowledged.push({ key, record: record.id, move: mutation });
    return record.id;
  }

  /** Reads a record by its root field. The reader must see it. */
  async read<Found>(who: Who, root: string, id: string, fields: string): Promise<Found> {
    return await this.#send<Found>(who, `query Q($id: ID!) { found: ${root}(id: $id) { ${fields} } }`, {
      id,
    });
  }

  async #send<Data>(who: Who, query: string, variables: Readonly<Record<string, unknown>>): Promise<Data> {
    for (;;) {
      const answer = await this.#signIn(who.as, who.purpose)
        .then(async (asker) => parse<Data>((await ask(asker, { query, variables })).text))
        .catch(() => null);
      const lastingError = answer?.errors?.find(({ extensions }) => lasting.has(extensions?.code));
      if (lastingError !== undefined)
        throw new RefusedMove(query.slice(0, 60), lastingError.extensions?.code ?? '', lastingError.message);
      const found = answer?.data?.found ?? null;
      if (found !== null) return found;
      this.again += 1;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  }
}

function parse<Data>(text: string): Answer<Data> {
  return JSON.parse(text) as Answer<Data>;
}
