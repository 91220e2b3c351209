import type { Response } from 'express';
import { errorTable, type HubErrorCode } from '../../schema/errors.ts';
import { constantError } from '../request/errors.ts';

const bodies = new Map<HubErrorCode, string>();

/** Answers without an exception and without a line in the log: a refusal must cost as little as possible. */
export function refuseEarly(response: Response, code: HubErrorCode, retryAfterSeconds: string): void {
  const body = bodies.get(code) ?? JSON.stringify({ errors: [constantError(code)] });
  bodies.set(code, body);
  // For `countFailures`.
  response.locals['failure'] = code;
  response.writeHead(errorTable[code].status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'retry-after': retryAfterSeconds,
  });
  response.end(body);
}
