import { fetchToken } from '../../docker/trial/issuer/token.ts';

/** The addresses and the folder of a trial. */
export type Asked = { readonly url: string; readonly issuer: string; readonly home: string };

/** The reader of a request, with the claims of the token. */
export type As = {
  readonly as: string;
  readonly purpose?: string;
  readonly picture?: string;
  readonly strong?: boolean;
};

/** An HTTP answer. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into answers by path; the schema's types would only repeat what they expect.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
};

/** Returns the shared trial that the setup of the test run started. */
export function standing(): Asked & {
  readonly uris: Readonly<Record<string, string>>;
  readonly parts: Readonly<Record<string, string>>;
} {
  return JSON.parse(process.env['JCU_STANDING'] ?? 'null');
}

const tokens = new Map<string, Promise<string>>();

/** Returns a token of one of the trial's readers, by default for the real picture. Tokens are cached per test file. */
export async function tokenOf(trial: Asked, who: As): Promise<string> {
  const key = JSON.stringify([trial.issuer, who]);
  const known = tokens.get(key);
  if (known !== undefined) return await known;
  const token = fetchToken({ picture: 'real', ...who, issuer: trial.issuer, home: trial.home }).then(
    ({ accessToken }) => accessToken,
  );
  tokens.set(key, token);
  return await token;
}

/**
 * Sends a query to the hub as a reader, over HTTP. Sends it again for 30 seconds while the hub or its store is too slow, and
 * once if a subgraph was: most promises say nothing about a busy machine. A change has a key, so it is made once.
 */
export async function ask(
  trial: Asked,
  who: As | string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const end = performance.now() + 30_000;
  for (let lost = 0; ;) {
    const answer = await askOnce(trial, who, query, variables);
    const codes = codesOf(answer);
    const isLost = codes.includes('PART_UNAVAILABLE');
    if (isLost) lost += 1;
    // A subgraph that is too slow twice is a fault.
    const isBusy = codes.some((code) => busyCodes.includes(code)) || (isLost && lost === 1);
    if (!isBusy || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Sends a query to the hub as a reader, over HTTP, once. */
export async function askOnce(
  trial: Asked,
  who: As | string,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const reader = typeof who === 'string' ? { as: who } : who;
  return await post(
    trial.url,
    { query, variables },
    { authorization: `Bearer ${await tokenOf(trial, reader)}` },
  );
}

function codesOf({ body }: Answer): readonly string[] {
  const errors: readonly { extensions?: { code?: string } }[] = body?.errors ?? [];
  return errors.flatMap(({ extensions }) => extensions?.code ?? []);
}

/** The codes of a hub that did not answer in time, or whose store did not, as on a busy machine. */

const busyCodes: readonly string[] = [
  'OVERLOADED',
  'ISSUER_UNAVAILABLE',
  'TRAIL_UNAVAILABLE',
  'BUDGET_UNAVAILABLE',
  'REGISTRY_UNAVAILABLE',
];

/** Sends a body with headers. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
