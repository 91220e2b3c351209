import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { communities, type Community } from '../../../schema/record/vocabulary.ts';
import type { Asker } from '../ask/client.ts';

/** An answer to a calm reader. */
export type Sample = {
  /** When the request was due, in milliseconds of this process. */
  readonly at: number;
  /** From then to the end of the answer: a request that waits for the previous answer counts from its due time. */
  readonly ms: number;
  /** The same from the time at which the request was sent. */
  readonly responseMs: number;
  /** The communities whose records are missing or changed. */
  readonly lost: readonly Community[];
  /** Those whose records are as expected. */
  readonly kept: readonly Community[];
  /** True without an answer: another status, no answer in time, or no JSON. */
  readonly failed: boolean;
};

type Question = {
  readonly query: string;
  /** The object with the lists; null if they are root fields. */
  readonly under: string | null;
  readonly lists: Readonly<Partial<Record<Community, string>>>;
};
type Parts = ReadonlyMap<Community, string>;
type CalmReader = {
  readonly asker: Asker;
  readonly questions: readonly Question[];
  readonly expected: readonly Parts[];
};

/** One list of each community: those of a vulnerability, and the newest records. */
const ofEachCommunity: readonly Question[] = [
  question('vulnerability', {
    enisa: 'exploitation',
    'cert-eu': 'advisories',
    europol: 'ransomwareFamilies',
    eeas: 'cyberIncidents',
    defence: 'defenceAssessments',
    'joint-unit': 'jointCaseRecords',
  }),
  question(null, {
    enisa: 'exploitationStatements',
    'cert-eu': 'advisories',
    europol: 'ransomwareFamilies',
    eeas: 'cyberIncidents',
    defence: 'defenceAssessments',
    'joint-unit': 'jointCaseRecords',
  }),
];
/** Returns the questions about a vulnerability that ask every community except one. */
export function questionsWithout(community: Community): readonly Question[] {
  return ofEachCommunity
    .filter(({ under }) => under !== null)
    .map(({ under, lists }) => question(under, { ...lists, [community]: undefined }));
}

/** Three readers send ten requests per second together. */
const usualPeriodMs = 300;
const answerMs = 15_000;
/** How long the readers wait for the requests that were due before the end. */
const graceMs = 30_000;
const agent = new Agent({ connections: 16, headersTimeout: answerMs, bodyTimeout: answerMs });

function question(under: string | null, lists: Question['lists']): Question {
  const names = Object.values(lists).filter((name) => name !== undefined);
  const fields = names.map((name) => `${name}(first: 5) { nodes { id } }`);
  const query =
    under === null
      ? `{ ${fields.join(' ')} }`
      : `{ ${under}(id: "CVE-2099-10001") { name ${fields.join(' ')} } }`;
  return { query, under, lists };
}

/** Readers who send requests, each at fixed times, one after the other. */
export class CalmReaders {
  readonly samples: Sample[] = [];
  readonly #periodMs: number;
  readonly #running: Promise<unknown>;
  #until = Number.POSITIVE_INFINITY;

  /** Each reader sends one request in `periodMs`. */
  constructor(readers: readonly CalmReader[], periodMs = usualPeriodMs) {
    this.#periodMs = periodMs;
    const start = performance.now();
    this.#running = Promise.all(
      readers.map(async (reader, at) => await this.#loop(reader, start + (at * periodMs) / readers.length)),
    );
  }

  /** Stops when the requests that are due have their answers. Returns the requests that were due between two times. */
  async stop(from: number, to = performance.now()): Promise<readonly Sample[]> {
    this.#until = performance.now();
    await this.#running;
    return this.samples.filter(({ at }) => at >= from && at < to);
  }

  /** Waits for an answer that lacks nothing to a request that was sent at or after `from`. Returns its end, or null. */
  async untilWhole(from: number, maxMs: number): Promise<number | null> {
    const end = performance.now() + maxMs;
    for (;;) {
      const whole = this.samples.find(
        ({ at, ms, responseMs, failed, lost }) =>
          at + ms - responseMs >= from && !failed && lost.length === 0,
      );
      if (whole !== undefined) return whole.at + whole.ms;
      if (performance.now() > end) return null;
      await pause(10);
    }
  }

  async #loop(reader: CalmReader, first: number): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      const at = first + turn * this.#periodMs;
      await pause(Math.max(0, at - performance.now()));
      if (at >= this.#until) return;
      const sent = performance.now();
      const isLate = sent > this.#until + graceMs;
      const answer = isLate ? noAnswer : await askOne(reader, turn % reader.questions.length);
      const end = performance.now();
      this.samples.push({ at, ms: end - at, responseMs: end - sent, ...answer });
    }
  }
}

const noAnswer = { lost: [], kept: [], failed: true } as const;

async function askOne(
  { asker, questions, expected }: CalmReader,
  which: number,
): Promise<Pick<Sample, 'lost' | 'kept' | 'failed'>> {
  try {
    const got = await partsOf(asker, questions[which]);
    const parts = expected[which] ?? new Map<Community, string>();
    const isKept = (name: Community) => got.parts.get(name) === parts.get(name);
    const names = [...parts.keys()];
    return { lost: names.filter((name) => !isKept(name)), kept: names.filter(isKept), failed: false };
  } catch {
    return noAnswer;
  }
}

/**
 * Returns a reader with the parts that their answers must have, from two equal answers of which no part is unavailable.
 * Throws if there are none in 60 s.
 */
export async function prepareCalm(asker: Asker, questions = ofEachCommunity): Promise<CalmReader> {
  const expected: Parts[] = [];
  for (const end = performance.now() + 60_000; expected.length < questions.length;) {
    if (performance.now() > end) throw new Error('expected a whole answer within 60 s, got none');
    const next = questions[expected.length];
    const [one, other] = [await tryParts(asker, next), await tryParts(asker, next)];
    const isWhole = one?.isWhole === true && other?.isWhole === true;
    if (isWhole && textOf(one.parts) === textOf(other.parts)) expected.push(one.parts);
    else await pause(200);
  }
  return { asker, questions, expected };
}

/** Throws unless the answers have parts of every community. */
export function checkCovered(readers: readonly CalmReader[]): void {
  const seen = new Set(readers.flatMap(({ expected }) => expected.flatMap((parts) => [...parts.keys()])));
  const missing = communities.filter((name) => !seen.has(name));
  if (missing.length > 0)
    throw new Error(`expected records of every community in the answers, got none of ${missing.join(', ')}`);
}

async function tryParts(asker: Asker, asked: Question | undefined) {
  return await partsOf(asker, asked).catch(() => null);
}

function textOf(parts: Parts): string {
  return JSON.stringify([...parts]);
}

/** Asks a question. Returns the records of each community as text. Throws unless the status is 200. */
async function partsOf(
  { url, token }: Asker,
  asked: Question | undefined,
): Promise<{ readonly parts: Parts; readonly isWhole: boolean }> {
  const { query, under, lists } = asked as Question;
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
    dispatcher: agent,
    signal: AbortSignal.timeout(answerMs),
  });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`expected status 200, got ${response.statusCode}`);
  type Lists = Readonly<Record<string, { readonly nodes?: readonly unknown[] } | null>>;
  const { data } = JSON.parse(text) as { readonly data?: Readonly<Record<string, Lists | null>> | null };
  const found = (under === null ? (data as Lists | undefined) : data?.[under]) ?? {};
  const parts = communities.flatMap((name): [Community, string][] => {
    const nodes = found[lists[name] ?? '']?.nodes ?? [];
    return nodes.length > 0 ? [[name, JSON.stringify(nodes)]] : [];
  });
  return { parts: new Map(parts), isWhole: !text.includes('PART_UNAVAILABLE') };
}

/** Closes the connections. */
export async function hangUpCalm(): Promise<void> {
  await agent.close();
}
