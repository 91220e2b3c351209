import express, { type Request, type RequestHandler } from 'express';
import { isUtf8 } from 'node:buffer';
import { HubError } from '../../schema/errors.ts';

/** The maximum size of a request, and of a message of a WebSocket, in bytes. */
export const maxBytes = 256 * 1024;
const maxDepth = 64;

const sizes = new WeakMap<object, number>();

/**
 * Parses a JSON body of at most 256 KB in UTF-8, as RFC 8259 requires. The parser would take UTF-7, UTF-16 and UTF-32 too,
 * which an inspecting proxy in front of the hub does not read.
 */
export const readBody: RequestHandler = express.json({
  limit: maxBytes,
  verify: (request, _response, body, encoding) => {
    if (encoding !== 'utf-8' || !isUtf8(body))
      throw new HubError('UNSUPPORTED_MEDIA_TYPE', `expected a body in UTF-8, got one in ${encoding}`);
    sizes.set(request, body.length);
  },
});

/** Removes an empty operation name from the body and from the URL: it selects the same as none. */
export const withoutEmptyName: RequestHandler = (request, _response, next) => {
  const body = request.body as { operationName?: unknown } | undefined;
  if (body?.operationName === '') delete body.operationName;
  const start = request.url.indexOf('?');
  const parameters = new URLSearchParams(start < 0 ? '' : request.url.slice(start));
  if (parameters.get('operationName') === '') {
    parameters.delete('operationName', '');
    request.url = `${request.url.slice(0, start)}?${parameters.toString()}`;
  }
  next();
};

/** Returns the size of a request in bytes: its body, or its URL if it has no body. */
export function sizeOf(request: Request): number {
  return sizes.get(request) ?? request.originalUrl.length;
}

/** Rejects a body, or variables in the URL, that are nested deeper than 64 levels: recursive code would overflow the stack. */
export const refuseDepth: RequestHandler = (request, _response, next) => {
  checkDepth([request.body, ...inUrl(request)]);
  next();
};

/** Throws BAD_REQUEST if one of the values is nested deeper than 64 levels. */
export function checkDepth(values: readonly unknown[]): void {
  let level = values;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth)
      throw new HubError('BAD_REQUEST', `the body is nested deeper than ${maxDepth} levels`);
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
}

/** Returns the JSON values in the URL of a GET request. Apollo Server refuses what cannot be parsed. */
function inUrl({ query }: Request): readonly unknown[] {
  return [query['variables'], query['extensions']].flatMap((text) => {
    if (typeof text !== 'string') return [];
    try {
      return [JSON.parse(text) as unknown];
    } catch {
      return [];
    }
  });
}
