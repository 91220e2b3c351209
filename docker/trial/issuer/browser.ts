import { IssuerError } from './issuer-error.ts';

/** One answer: its status, where it leads, and its body as JSON (undefined when it is none). */
export type Answer = {
  readonly status: number;
  readonly location: URL | undefined;
  readonly json: () => unknown;
};

/** Just enough of a browser to log in: cookies are kept, redirects are told and not followed. */
export type Browser = {
  readonly get: (url: URL) => Promise<Answer>;
  readonly post: (
    url: URL,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ) => Promise<Answer>;
};

const DEADLINE_MS = 10_000;

/** Opens a browser that speaks to this origin alone. Throws an IssuerError where nothing listens or answers in 10 s. */
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
    throw new IssuerError('NOT_THE_ISSUER', `${url.origin} is not the issuer ${origin}`);
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
    throw new IssuerError('ISSUER_NOT_RUNNING', `no issuer answers at ${origin}: run npm start first`, {
      cause,
    });
  }
}

/** The names differ from path to path here, so the name is enough; an emptied cookie is one taken back. */
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
