import type { Request, RequestHandler } from 'express';
import { HubError } from '../../schema/errors.ts';
import type { Choose } from '../persisted/open-operations.ts';
import type { AskedDocument } from '../persisted/operations.ts';
import { noteRegistered } from './observe-request.ts';

/**
 * Puts the text of a registered operation in the place of its id, so that it passes every stage as a text of a client
 * does. Refuses what the mode does not allow. Without `choose` a request stays as it is.
 */
export function replaceId(choose: Choose | null): RequestHandler {
  return (request, response, next) => {
    if (choose !== null) {
      const isGet = request.method === 'GET';
      const { text, registered } = choose(isGet ? inUrl(request) : inBody(request));
      if (registered !== null) noteRegistered(response, registered);
      if (text !== null) (isGet ? writeUrl : writeBody)(request, text);
    }
    next();
  };
}

function inBody({ body }: Request): AskedDocument {
  // A list of requests is refused here, so that no element of it passes unseen.
  if (Array.isArray(body)) throw new HubError('BAD_REQUEST', 'a body with several requests');
  return (body ?? {}) as AskedDocument;
}

function writeBody(request: Request, query: string): void {
  const { extensions, ...body } = request.body as Readonly<Record<string, unknown>>;
  request.body = { ...body, query, ...(isObject(extensions) ? { extensions: withoutHash(extensions) } : {}) };
}

function inUrl(request: Request): AskedDocument {
  const given = parametersOf(request);
  const repeated = [...new Set(given.keys())].find((name) => given.getAll(name).length > 1);
  if (repeated !== undefined) throw new HubError('BAD_REQUEST', 'a parameter of the URL is repeated');
  return { ...Object.fromEntries(given), extensions: extensionsOf(given) };
}

function writeUrl(request: Request, query: string): void {
  const given = parametersOf(request);
  const extensions = extensionsOf(given);
  given.set('query', query);
  if (isObject(extensions)) given.set('extensions', JSON.stringify(withoutHash(extensions)));
  const [path] = request.url.split('?', 1);
  request.url = `${path}?${given.toString()}`;
}

function parametersOf({ url }: Request): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start));
}

function extensionsOf(given: URLSearchParams): unknown {
  try {
    return JSON.parse(given.get('extensions') ?? 'null') as unknown;
  } catch {
    throw new HubError('BAD_REQUEST', 'the parameter extensions is not JSON');
  }
}

function withoutHash(extensions: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(extensions).filter(([name]) => name !== 'persistedQuery'));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
