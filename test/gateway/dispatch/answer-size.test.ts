import { expect, test } from '@jest/globals';
import { answerLimits, AnswerSizes, countValues } from '../../../gateway/dispatch/answer-size.ts';
import { DisclosureRoom } from '../../../gateway/dispatch/disclosure-room.ts';
import type { RecordedDisclosure } from '../../../schema/protocol/disclosure.ts';

const { ofCommunity, ofRequest, inProgressBytes, depth } = answerLimits;

function count(text: string): number {
  let values = 0;
  countValues(Buffer.from(text), { addValues: (more) => (values += more) });
  return values;
}

test('counts values outside of texts, whatever a text contains', () => {
  expect(count('{"a":1,"b":[1,2,{"c":null}]}')).toBe(7);
  expect(count('{"a":",[{\\"\\\\","b":2}')).toBe(3);
  expect(count('"open \\')).toBe(1);
});

test('rejects a text that is nested too deeply', () => {
  expect(() => count('['.repeat(depth + 1))).toThrow(/levels/);
  expect(count(`${'['.repeat(depth)}${']'.repeat(depth)}`)).toBe(depth + 1);
});

test('rejects too many values at the limit, not at the end of the text', () => {
  const size = new AnswerSizes().start('enisa', { bytes: 0 });
  expect(() => countValues(Buffer.alloc(8_000_000, ','), size)).toThrow(/at most 500000 values/);
});

test('limits a community in one request, so that others keep their room', () => {
  const sizes = new AnswerSizes();
  const flood = sizes.start('enisa', { bytes: 0 });
  flood.addBytes(ofCommunity.bytes);
  expect(() => sizes.start('enisa', { bytes: 0 }).addBytes(1)).toThrow(/of enisa to this request/);
  const rest = Math.floor((ofRequest.bytes - ofCommunity.bytes) / 5) - 1;
  for (const name of ['europol', 'eeas', 'defence', 'cert-eu', 'joint-unit'])
    expect(() => sizes.start(name, { bytes: 0 }).addBytes(rest)).not.toThrow();
});

test('limits the answers to all requests in progress, and counts a request no more when it ends', () => {
  const inProgress = { bytes: 0 };
  const requests = Array.from({ length: inProgressBytes / ofCommunity.bytes }, () => new AnswerSizes());
  for (const sizes of requests) sizes.start('enisa', inProgress).addBytes(ofCommunity.bytes);
  const next = new AnswerSizes();
  expect(() => next.start('enisa', inProgress).addBytes(1)).toThrow(/all requests in progress/);
  next.end();
  for (const sizes of requests) sizes.end();
  expect(inProgress.bytes).toBe(0);
});

const of = (community: string, length: number) =>
  Array.from(
    { length },
    () => ({ community, extraRestrictions: ['x'.repeat(400)] }) as unknown as RecordedDisclosure,
  );

test('keeps a share of the audit entry for each community', () => {
  const room = new DisclosureRoom();
  expect(() => room.take('enisa', of('enisa', 9000))).toThrow(/one audit entry/);
  room.take('enisa', of('enisa', 7500));
  for (const name of ['europol', 'eeas', 'defence', 'cert-eu', 'joint-unit', 'hub'])
    room.take(name, of(name, 900));
  expect(() => room.take('europol', of('europol', 1000))).toThrow(/one audit entry/);
});
