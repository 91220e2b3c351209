import express, { type Request, type RequestHandler } from 'express';
import { HubError } from '../../schema/errors.ts';

const maxBytes = '256kb';
const maxDepth = 64;

const sizes = new WeakMap<object, number>();

/** Parses a JSON body of at most 256 KB. */
export const readBody: RequestHandler = express.json({
  limit: maxBytes,
  verify: (request, _response, body) => void sizes.set(request, body.length),
});

/** Returns the size of a request in bytes: its body, or its URL if it has no body. */
export function sizeOf(request: Request): number {
  return sizes.get(request) ?? request.originalUrl.length;
}

/** Rejects a body that is nested deeper than 64 levels: recursive code would overflow the stack. */
export const refuseDepth: RequestHandler = (request, _response, next) => {
  let level: readonly unknown[] = [request.body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth)
      throw new HubError('BAD_REQUEST', `the body is nested deeper than ${maxDepth} levels`);
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  next();
};
