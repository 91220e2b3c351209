import { IssuerError } from './issuer-error.ts';

/** A response: its status, its redirect target, and its body as JSON (undefined if it is not JSON). */
export type Answer = {
  readonly status: number;
  readonly location: URL | undefined;
  readonly json: () => unknown;
};

/** A minimal browser for the login: keeps cookies, returns redirects instead of following them. */
export type Browser = {
  readonly get: (url: URL) => Promise<Answer>;
  readonly post: (
    url: URL,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ) => Promise<Answer>;
};

const DEADLINE_MS = 10_000;

/** Creates a browser for one origin. Its requests reject with an IssuerError if nothing answers within 10 s. */
export function openBrowser(origin: string): Browser {
  const cookies = new Map<string, string>();
  return {
    get: (url) => ask(origin, cookies, url, { method: 'GET' }),
    post: (url, form, headers = {}) =>
      ask(origin, cookies, url, { method: 'POST', body: new URLSearchParams(form), headers }),
  };
}

type Question = {
  readonly method: string;
  readonly body?: URLSearchParams;
  readonly headers?: Record<string, string>;
};

async function ask(
  origin: string,
  cookies: Map<string, string>,
  url: URL,
  question: Question,
): Promise<Answer> {
  if (url.origin !== origin)
    throw new IssuerError('NOT_THE_ISSUER', `expected an address of the issuer ${origin}, got ${url.origin}`);
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...question.headers, ...(cookie === '' ? {} : { cookie }) };
  const response = await reach(origin, url, { ...question, headers, redirect: 'manual' });
  for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
  const text = await response.text();
  const location = response.headers.get('location');
  return {
    status: response.status,
    location: location === null ? undefined : (URL.parse(location, url.href) ?? undefined),
    json: () => readJson(text),
  };
}

async function reach(origin: string, url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url.href, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
  } catch (cause) {
    throw new IssuerError('ISSUER_NOT_RUNNING', `no issuer answers at ${origin}: run \`npm start\` first`, {
      cause,
    });
  }
}

/** This issuer uses a different cookie name for each path, so the name identifies a cookie. An empty value deletes it. */
function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';');
  const [name = '', ...value] = pair.split('=');
  if (value.join('') === '') cookies.delete(name);
  else cookies.set(name, value.join('='));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
