import { expect, test } from '@jest/globals';
import type { Request, Response } from 'express';
import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { toConstant } from '../../../gateway/http/constant-errors.ts';
import { refuseDepth, sizeOf } from '../../../gateway/http/request-body.ts';
import { toHubError } from '../../../gateway/http/responses.ts';
import { toGraphQLError } from '../../../gateway/request/errors.ts';
import { errorTable, HubError } from '../../../schema/errors.ts';

test.each([
  [413, 'TOO_LARGE'],
  [400, 'BAD_REQUEST'],
  [415, 'UNSUPPORTED_MEDIA_TYPE'],
  [418, 'INTERNAL'],
  [undefined, 'INTERNAL'],
])('maps a body parser error with status %s to %s', (status, code) => {
  expect(toHubError(Object.assign(new Error('secret'), { status })).code).toBe(code);
});

test('maps values that are not errors to INTERNAL, and keeps a HubError', () => {
  for (const thrown of [null, undefined, 'text', 7]) expect(toHubError(thrown).code).toBe('INTERNAL');
  const known = new HubError('RATE_LIMITED');
  expect(toHubError(known)).toBe(known);
});

test('hides the text of an exception behind the constant of its code', () => {
  const log = pino({ level: 'silent' });
  const unknown = toGraphQLError(new Error('secret'), log);
  expect([unknown.message, unknown.extensions]).toEqual([
    errorTable.INTERNAL.message,
    { code: 'INTERNAL', http: { status: 500 } },
  ]);
  const known = toGraphQLError(new HubError('TRAIL_UNAVAILABLE', 'secret'), log);
  expect([known.message, known.extensions]).toEqual([
    errorTable.TRAIL_UNAVAILABLE.message,
    { code: 'TRAIL_UNAVAILABLE', http: { status: 503 } },
  ]);
});

test('keeps the message of a parser or validation error that has locations', () => {
  for (const code of ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'] as const) {
    const locations = [{ line: 1, column: 2 }];
    const extensions = { code, stacktrace: ['secret'] };
    expect(toConstant({ message: 'detail', locations, extensions })).toEqual({
      message: 'detail',
      locations,
      extensions: { code },
    });
    expect(toConstant({ message: 'secret', extensions: { code } }).message).toBe(errorTable[code].message);
  }
});

test.each([
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST'],
  ['INTERNAL_SERVER_ERROR', 'INTERNAL'],
  ['toString', 'INTERNAL'],
  [undefined, 'INTERNAL'],
])('replaces an error with code %s by the constant of %s', (given, code) => {
  const locations = [{ line: 1, column: 2 }];
  const { message } = errorTable[code as 'INTERNAL'];
  expect(toConstant({ message: 'secret', locations, extensions: { code: given } })).toEqual({
    message,
    extensions: { code },
  });
});

test('keeps the name of a failed subgraph only if it is a string', () => {
  const code = 'PART_UNAVAILABLE';
  expect(toConstant({ message: '', extensions: { code, part: 'enisa' } }).extensions).toEqual({
    code,
    part: 'enisa',
  });
  expect(toConstant({ message: '', extensions: { code, part: {} } }).extensions).toEqual({ code });
});

/** Passes a body through the depth check, and returns what it threw; null if it called `next`. */
function depthError(body: unknown, query: Readonly<Record<string, string>> = {}): unknown {
  let passed = false;
  try {
    void refuseDepth({ body, query } as unknown as Request, {} as Response, () => (passed = true));
  } catch (error) {
    return error;
  }
  return passed ? null : 'next was not called';
}

function nested(levels: number): unknown {
  return levels === 0 ? 'leaf' : { a: nested(levels - 1) };
}

test('rejects a body that is nested deeper than 64 levels, in objects or lists', () => {
  expect(depthError(nested(64))).toBeNull();
  expect(depthError(undefined)).toBeNull();
  const tooDeep = expect.objectContaining({ code: 'BAD_REQUEST' });
  expect(depthError(nested(65))).toEqual(tooDeep);
  expect(depthError(JSON.parse('['.repeat(100) + ']'.repeat(100)))).toEqual(tooDeep);
});

test('rejects variables and extensions in the URL that are nested deeper than 64 levels', () => {
  for (const name of ['variables', 'extensions']) {
    expect(depthError(undefined, { [name]: JSON.stringify(nested(64)) })).toBeNull();
    const tooDeep = { [name]: '['.repeat(7000) + ']'.repeat(7000) };
    expect(depthError(undefined, tooDeep)).toMatchObject({ code: 'BAD_REQUEST' });
    expect(depthError(undefined, { [name]: 'no JSON' })).toBeNull();
  }
});

test('measures a request without a body by its URL', () => {
  expect(sizeOf({ originalUrl: '/graphql?query={a}' } as Request)).toBe(18);
});

test('is not affected by the message of a GraphQLError from elsewhere', () => {
  const thrown = new GraphQLError('secret', { extensions: { code: 'REFUSED' } });
  expect(toGraphQLError(thrown, pino({ level: 'silent' })).extensions['code']).toBe('INTERNAL');
});

test('keeps path and coordinates of an error, and no path of an internal one', () => {
  const path = ['advisories', 'nodes', 0, 'serial'];
  const extensions = { code: 'REFUSED', coordinates: ['Advisory.serial'] };
  expect(toConstant({ message: 'secret', path, extensions })).toMatchObject({ path, extensions });
  expect(toConstant({ message: 'secret', path, extensions: { code: 'OTHER' } })).not.toHaveProperty('path');
});
