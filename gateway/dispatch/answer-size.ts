/** The maximum size of the answers of subgraphs. */
export const answerLimits = {
  /** All answers of one community in one request. An answer within them takes at most about 60 MiB when parsed. */
  ofCommunity: { bytes: 8 * 1024 * 1024, values: 500_000 },
  /** All answers of one request together. */
  ofRequest: { bytes: 24 * 1024 * 1024, values: 1_000_000 },
  /** All answers of one community in all requests in progress: a community that floods costs only itself. */
  inProgressBytes: 32 * 1024 * 1024,
  /** Objects and lists inside each other. A query has at most 24 levels, a level of a list two. */
  depth: 64,
} as const;

/** The bytes of the answers of one community in all requests in progress. */
export type InProgress = { bytes: number };

type Size = { bytes: number; values: number };

/** Counts one answer while it is read. Each method throws if a limit is exceeded. */
export type AnswerSize = {
  readonly addBytes: (count: number) => void;
  readonly addValues: (count: number) => void;
};

/** Counts the answers that one request holds in memory. */
export class AnswerSizes {
  readonly #whole: Size = { bytes: 0, values: 0 };
  readonly #communities = new Map<string, Size>();
  readonly #held: { readonly from: InProgress; readonly bytes: number }[] = [];

  /** Starts an answer of a community. */
  start(community: string, inProgress: InProgress): AnswerSize {
    const own = this.#communities.get(community) ?? { bytes: 0, values: 0 };
    this.#communities.set(community, own);
    const add = (what: 'bytes' | 'values', count: number) => {
      own[what] += count;
      this.#whole[what] += count;
      check(
        own[what],
        answerLimits.ofCommunity[what],
        `${what} in all answers of ${community} to this request`,
      );
      check(this.#whole[what], answerLimits.ofRequest[what], `${what} in all answers to this request`);
    };
    return {
      addBytes: (count) => {
        inProgress.bytes += count;
        this.#held.push({ from: inProgress, bytes: count });
        add('bytes', count);
        const most = answerLimits.inProgressBytes;
        check(inProgress.bytes, most, `bytes in the answers of ${community} to all requests in progress`);
      },
      addValues: (count) => add('values', count),
    };
  }

  /** Ends the request: its answers no longer count as in progress. */
  end(): void {
    for (const { from, bytes } of this.#held.splice(0)) from.bytes -= bytes;
  }
}

function check(got: number, most: number, what: string): void {
  if (got > most) throw new Error(`expected at most ${most} ${what}, got more`);
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Counts the values of a JSON text before it is parsed: a value of three bytes takes twenty times as much in memory.
 * Throws if it is nested too deeply, or as soon as `size` refuses the count. Does not check that the text is JSON.
 */
export function countValues(text: Uint8Array, size: Pick<AnswerSize, 'addValues'>): void {
  const step = 10_000;
  let values = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0;
    if (byte === quote) at = endOfString(text, at);
    else if (closing.has(byte)) depth -= 1;
    else if (byte === comma || opening.has(byte)) {
      values += 1;
      if (byte !== comma) depth += 1;
      if (depth > answerLimits.depth)
        throw new Error(`expected at most ${answerLimits.depth} levels, got more`);
      if (values >= step) {
        size.addValues(values);
        values = 0;
      }
    }
  }
  size.addValues(values);
}

function endOfString(text: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}
