import { z } from 'zod';

/**
 * A change of one record, or a new notice about one, as a community reports it to the hub. It has no content: the hub reads
 * the record or the notice by a query in the name of a reader. `admits` and `before` have the access keys of the action
 * `subscribe`; those of a notice are the keys of its record.
 */
export type ChangeEvent = {
  readonly kind: string;
  readonly id: string;
  /** The version of the record's envelope after the change. */
  readonly version: number;
  /** Whether the record is new in the store. */
  readonly isNew: boolean;
  /** The access keys that the record admits now. */
  readonly admits: readonly string[];
  /** The access keys that it admitted before the change. Empty for a new record. */
  readonly before: readonly string[];
  /** The place of the change in the store's log. Opaque: only the community reads it. */
  readonly position: string;
  /** Present if `kind` and `id` are those of a notice. */
  readonly notice?: NoticeFacts;
};

/** The kind of record that a notice is about, and the organisation that it is for. No other reader gets the event. */
export type NoticeFacts = { readonly kind: string; readonly party: string };

/** The body of `POST /changes`. With `until`, the stream ends once it has reached the time of the request. */
export type ChangeRequest = {
  /** The position after which the stream begins. It begins at the time of the request if absent. */
  readonly after?: string;
  readonly until?: 'now';
};

/**
 * One line of the response to `POST /changes`, newline-delimited JSON:
 *
 * - `ready`: the stream has begun. It misses no change after this position.
 * - `event`: a change.
 * - `alive`: nothing happened up to this position. Sent every few seconds.
 * - `done`: the last line of a stream with `until`: it has every change up to the time of the request.
 * - `expired`: the only line if the store no longer has every change since `after`.
 */
export type ChangeLine =
  | { readonly ready: string }
  | { readonly event: ChangeEvent }
  | { readonly alive: string }
  | { readonly done: string }
  | { readonly expired: true };

/** The maximum bytes of one line. A record of 500 recipients and 14 purposes has about 500 KB of access keys. */
export const maxLineBytes = 1_000_000;
/** The maximum number of access keys in one list of an event. */
export const maxEventKeys = 10_000;
/** The maximum number of characters of an access key in an event. */
export const maxKeyLength = 1000;

const position = z.string().regex(/^[\w-]{1,2000}$/);
const accessKeys = z.array(z.string().min(1).max(maxKeyLength)).max(maxEventKeys);
const kindName = z.string().regex(/^[A-Z][A-Za-z0-9]{0,63}$/);
const changeEvent = z
  .strictObject({
    kind: kindName,
    id: z.string().max(200),
    version: z.int().min(1),
    isNew: z.boolean(),
    admits: accessKeys,
    before: accessKeys,
    position,
    notice: z.strictObject({ kind: kindName, party: z.string().min(1).max(200) }).exactOptional(),
  })
  .refine(({ kind, id }) => id.startsWith(`${kind}:`), 'the id is of another kind');

const changeLine = z.union([
  z.strictObject({ event: changeEvent }),
  z.strictObject({ alive: position }),
  z.strictObject({ ready: position }),
  z.strictObject({ done: position }),
  z.strictObject({ expired: z.literal(true) }),
]);

const changeRequest = z.strictObject({
  after: position.exactOptional(),
  until: z.literal('now').exactOptional(),
});

/** The error for a line of the stream that has another form, or is of another community. */
export class MalformedLine extends Error {
  override readonly name = 'MalformedLine';
}

/** Parses one line. Throws MalformedLine unless it has one of the forms; the message has nothing of the line. */
export function readChangeLine(line: string): ChangeLine {
  const read = line.length > maxLineBytes ? null : changeLine.safeParse(parseOrNull(line));
  if (read?.success !== true)
    throw new MalformedLine('expected a line of the change stream, got another text');
  return read.data;
}

/** Returns a line of the stream, with its line feed. */
export function writeChangeLine(line: ChangeLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Reads the body of a request; null if it has another form. */
export function readChangeRequest(body: unknown): ChangeRequest | null {
  return changeRequest.safeParse(body).data ?? null;
}

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
