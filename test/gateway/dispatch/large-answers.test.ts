import { expect, test } from '@jest/globals';
import { LargeAnswers, largeAnswerLimits } from '../../../gateway/dispatch/large-answers.ts';
import { PartUnavailable } from '../../../gateway/dispatch/part-unavailable.ts';

const counted = { addBytes: () => undefined, addValues: () => undefined };
const { fromBytes, burst, bytesPerSecond } = largeAnswerLimits;

function start() {
  const time = { now: 1_000_000 };
  const answers = new LargeAnswers(() => time.now);
  const read = (bytes: number) => {
    const size = answers.limit(counted);
    size.addBytes(bytes);
    size.addValues(1);
    size.addValues(1);
  };
  return { time, answers, read };
}

test('never limits answers up to 256 KiB', () => {
  const { read } = start();
  expect(() => {
    for (let at = 0; at < 1000; at += 1) read(fromBytes);
  }).not.toThrow();
});

test('parses large answers up to the bytes per second, and others again after a second', () => {
  const { time, read } = start();
  read(burst - 1);
  read(burst);
  expect(() => read(fromBytes + 1)).toThrow(PartUnavailable);
  expect(() => read(fromBytes)).not.toThrow();
  time.now += (1000 * burst) / bytesPerSecond - 1;
  expect(() => read(burst)).toThrow(PartUnavailable);
  time.now += 2;
  expect(() => read(burst)).not.toThrow();
});

test('stops reading an answer beyond the limit as soon as it is large', () => {
  const { answers, read } = start();
  read(burst);
  const size = answers.limit(counted);
  size.addBytes(fromBytes);
  expect(() => size.addBytes(1)).toThrow(PartUnavailable);
});

test('checks the limit again before an answer is parsed that was read meanwhile', () => {
  const { answers, read } = start();
  const size = answers.limit(counted);
  size.addBytes(burst);
  read(burst);
  expect(() => size.addValues(1)).toThrow(PartUnavailable);
});
