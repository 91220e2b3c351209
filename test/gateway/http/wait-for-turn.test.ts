import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { LargeRequests, largeRequestLimits } from '../../../gateway/budget/large-requests.ts';
import { contextOf, waitForTurn } from '../../../gateway/http/context-middleware.ts';
import { readerOf } from '../../helpers/records.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Sends large requests of one reader through the middleware. */
function sending() {
  const wait = waitForTurn(new LargeRequests());
  const url = `/graphql?query=${'x'.repeat(largeRequestLimits.fromBytes)}`;
  return (): { readonly response: Response; readonly next: jest.Mock } => {
    const context = {
      reader: readerOf(),
      signal: new AbortController().signal,
      setHeaders: () => undefined,
    };
    const response = Object.assign(new EventEmitter(), { locals: { context }, closed: false });
    const next = jest.fn();
    void wait({ originalUrl: url } as Request, response as unknown as Response, next);
    return { response: response as unknown as Response, next };
  };
}

test('the stages end the turn of a large request while its response is still open', async () => {
  const send = sending();
  const [first, second] = [send(), send()];
  await jest.advanceTimersByTimeAsync(0);
  expect([first.next.mock.calls.length, second.next.mock.calls.length]).toEqual([1, 0]);
  contextOf(first.response).endTurn?.();
  await jest.advanceTimersByTimeAsync(1);
  expect(second.next).toHaveBeenCalledTimes(1);
});

test('the turn of a large request ends with its response, if no stage has ended it', async () => {
  const send = sending();
  const [first, second] = [send(), send()];
  await jest.advanceTimersByTimeAsync(0);
  first.response.emit('close');
  await jest.advanceTimersByTimeAsync(1);
  expect(second.next).toHaveBeenCalledTimes(1);
});
