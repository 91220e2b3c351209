import cors from 'cors';
import type { RequestHandler } from 'express';

/** Request headers that a page may send besides the CORS-safelisted ones. */
const allowedHeaders = [
  'authorization',
  'content-type',
  'apollo-require-preflight',
  'x-apollo-operation-name',
];

/** Response headers that a page may read. */
const exposedHeaders = ['x-correlation-id', 'retry-after', 'www-authenticate'];

/** The time in seconds for which a browser may reuse the response to a preflight request. */
const maxAgeSeconds = 600;

/**
 * Allows pages of the listed origins to read responses (Fetch standard, CORS protocol), and answers OPTIONS with 204.
 * Other origins get no `access-control-allow-origin`, so their browsers hide the response. Cookies are not allowed: the
 * hub reads none. An empty list allows no page.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler[] {
  const answerCors = cors({
    origin: [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders,
    exposedHeaders,
    maxAge: maxAgeSeconds,
  });
  return [nameMethods, answerCors];
}

const nameMethods: RequestHandler = (request, response, next) => {
  if (request.method === 'OPTIONS') response.set('allow', 'GET, POST, OPTIONS');
  next();
};
