import compression from 'compression';
import type { RequestHandler } from 'express';
import { constants } from 'node:zlib';

/** Smaller responses are sent as they are: they fit in one packet. */
const minBytes = 1024;

/**
 * Compresses responses with brotli or gzip, as the client accepts. Brotli's default quality 11 needs seconds for a
 * megabyte; quality 4 needs milliseconds.
 *
 * BREACH needs a browser that an attacker's page can make send authenticated requests again and again. The hub
 * authenticates by the `authorization` header only, which no browser adds to another site's request, so a page of another
 * origin cannot cause an authenticated response. An attacker who writes records that a dashboard polls can still compare
 * the sizes of encrypted responses. Responses that hold TLP:RED therefore have `no-transform`, and are not compressed.
 */
export function compress(): RequestHandler {
  return compression({
    threshold: minBytes,
    brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
  });
}

/** The `cache-control` of a response that holds TLP:RED: never stored, and never compressed. */
export const redCacheControl = 'no-store, no-transform';
