import { expect, test } from '@jest/globals';
import { configureClocks } from '../../../../schema/workflow/clock/configure.ts';
import { ClocksError, readClocks } from '../../../../schema/workflow/clock/load.ts';

const clocks = readClocks();
const period = { kind: 'minutes', length: 90 } as const;

test('changes a period of practice and leaves the given clocks unchanged', () => {
  const changed = configureClocks(clocks, { 'hold-answer': period });
  expect(changed.clocks.get('hold-answer')?.period).toEqual(period);
  expect(clocks.clocks.get('hold-answer')?.period).toEqual({ kind: 'hours', length: 2 });
  expect(changed.clocks.size).toBe(clocks.clocks.size);
});

test('changes the period of one variant', () => {
  const silence = configureClocks(clocks, { 'silence/crisis': period }).clocks.get('silence');
  expect(silence?.variants['crisis']?.period).toEqual(period);
  expect(silence?.period).toEqual({ kind: 'hours', length: 48 });
});

test('changes the longest stated period of a hold', () => {
  const hold = configureClocks(clocks, { hold: period }).clocks.get('hold');
  expect(hold).toMatchObject({ period: { kind: 'rule', rule: 'stated' }, atMost: period });
});

test('changes the reminder of a clock without a due time', () => {
  const tell = configureClocks(clocks, { 'nis2-tell': period }).clocks.get('nis2-tell');
  expect(tell?.period).toEqual({ kind: 'none', remindAfter: period });
});

test('rejects unknown clocks and variants, periods of law and limits in one error', () => {
  const changes = { nothing: period, 'silence/toString': period, 'nis2-24': period, emergency: period };
  const faults = [
    'clock nothing: unknown clock',
    'clock silence/toString: unknown variant',
    'clock nis2-24: expected a clock of practice, got one of law',
    'clock emergency: expected a clock of practice, got one of limit',
  ];
  expect(() => configureClocks(clocks, changes)).toThrow(new ClocksError(faults));
});
