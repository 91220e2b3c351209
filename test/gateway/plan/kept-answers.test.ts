import { expect, test } from '@jest/globals';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { KeptAnswers, memoryOf } from '../../../gateway/plan/kept-answers.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';

function gatheredWith(characters: number) {
  const collected = createCollected();
  const disclosed = [{ originator: 'x'.repeat(characters) }] as never;
  collected.room.take('enisa', disclosed);
  return { written: new WrittenData('{}'), given: null, collected };
}

test('counts the disclosures of an answer as they are', () => {
  const kept = new KeptAnswers('test', 900, memoryOf);
  kept.begin('small')(gatheredWith(1000));
  expect(kept.get('small')).toBeDefined();
  expect(kept.bytes).toBeGreaterThan(4000);
  kept.begin('large')(gatheredWith(3_900_000));
  expect(kept.bytes).toBeGreaterThan(15_600_000);
});

test('has no answer in memory after its time, also if nobody asks for it', async () => {
  const kept = new KeptAnswers('test', 50, memoryOf);
  kept.begin('one')(gatheredWith(1000));
  expect(kept.bytes).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(kept.bytes).toBe(0);
});

test('gives no answer after its time, also before its timer', () => {
  let now = 0;
  const kept = new KeptAnswers('test', 900, memoryOf, () => now);
  kept.begin('one')(gatheredWith(10));
  now = 899;
  expect(kept.get('one')).toBeDefined();
  now = 900;
  expect(kept.get('one')).toBeUndefined();
});
