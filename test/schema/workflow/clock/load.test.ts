import { describe, expect, test } from '@jest/globals';
import {
  calendarOf,
  ClocksError,
  clocksOfTexts,
  readClocks,
  readClockTexts,
} from '../../../../schema/workflow/clock/load.ts';

const texts = readClockTexts();
const clocks = readClocks();

function clockOf(id: string) {
  const clock = clocks.clocks.get(id);
  if (clock === undefined) throw new Error(`no clock ${id}`);
  return clock;
}

/** Returns the faults of the project's files with one text replaced in one of them. */
function faultsWith(file: string, before: string, after: string): readonly string[] {
  const text = texts[file] ?? '';
  expect(text).toContain(before);
  return faultsOf({ ...texts, [file]: text.replace(before, after) });
}

function faultsOf(changed: Readonly<Record<string, string>>): readonly string[] {
  try {
    clocksOfTexts(changed);
    return [];
  } catch (error) {
    if (error instanceof ClocksError) return error.faults;
    throw error;
  }
}

describe('clocksOfTexts', () => {
  test.each([
    [
      'an unknown zone',
      'calendars/de.yaml',
      'Europe/Berlin',
      'Europe/Bonn',
      'zones.0: unknown time zone Europe/Bonn',
    ],
    [
      'a wrong id of a calendar',
      'calendars/de.yaml',
      'calendar: de',
      'calendar: fr',
      'calendar: expected de, got fr',
    ],
    [
      'an unknown calendar',
      'clocks.yaml',
      'calendar: eu',
      'calendar: xx',
      'clocks.reg-2841-24.calendar: unknown calendar xx',
    ],
    [
      'a clock that is in the file twice',
      'clocks.yaml',
      '  nis2-72:',
      '  nis2-24:',
      'this key is in the file twice',
    ],
    ['an unknown kind of period', 'clocks.yaml', 'kind: hours', 'kind: fortnights', 'clocks.nis2-24.period'],
    ['a length of zero', 'clocks.yaml', 'length: 24', 'length: 0', 'expected at least 1'],
    [
      'an unknown member',
      'clocks.yaml',
      'title: NIS2 early warning',
      'title: NIS2\n    until: now',
      'unknown member until',
    ],
    [
      'an unknown basis',
      'clocks.yaml',
      'basis: law',
      'basis: custom',
      'expected one of law, practice, limit',
    ],
    ['another format', 'clocks.yaml', 'jcu-clocks/1', 'jcu-clocks/2', 'format: expected one of jcu-clocks/1'],
    [
      'a holiday with two dates',
      'calendars/de.yaml',
      "on: '05-01'",
      "on: '05-01', easter: 3",
      'exactly one of on, easter and weekday',
    ],
    [
      'a holiday on a date that is no date',
      'calendars/de.yaml',
      "on: '05-01'",
      "on: '05-41'",
      'expected a text of the format',
    ],
    ['a text that is not YAML', 'calendars/de.yaml', 'calendar: de', 'calendar: [de', 'calendars/de.yaml:'],
  ])('rejects %s, with file and line', (_, file, before, after, fault) => {
    const faults = faultsWith(file, before, after);
    expect(faults.join('\n')).toContain(fault);
    expect(faults.every((line) => /^(?:clocks|calendars\/\w+)\.yaml:\d+: /.test(line))).toBe(true);
  });

  test('names the line of the fault', () => {
    const line =
      (texts['calendars/de.yaml'] ?? '').split('\n').findIndex((text) => text.startsWith('zones:')) + 1;
    expect(faultsWith('calendars/de.yaml', 'Europe/Berlin', 'Europe/Bonn')).toEqual([
      `calendars/de.yaml:${line}: zones.0: unknown time zone Europe/Bonn`,
    ]);
  });

  test('reports every fault in one error', () => {
    const faults = faultsOf({
      ...texts,
      'calendars/de.yaml': (texts['calendars/de.yaml'] ?? '').replace('Europe/Berlin', 'Europe/Bonn'),
      'clocks.yaml': (texts['clocks.yaml'] ?? '').replace('calendar: eu', 'calendar: xx'),
    });
    expect(faults).toHaveLength(2);
    expect(new ClocksError(faults).message).toContain(faults.join('\n  '));
  });

  test('reports a missing file of clocks', () => {
    expect(faultsOf({})).toEqual(['clocks.yaml: file not found']);
  });
});

describe('the clocks of the project', () => {
  test('name the practice or the aim of every configurable period', () => {
    const configurable = [...clocks.clocks.values()].filter(({ basis }) => basis === 'practice');
    expect(configurable.filter(({ source }) => !/practice|aim/.test(source))).toEqual([]);
  });

  test('mark the periods of directives as national', () => {
    const national = [...clocks.clocks.values()].filter((clock) => clock.national).map(({ id }) => id);
    expect(national).toEqual(['nis2-24', 'nis2-72', 'nis2-final', 'nis2-after', 'cer-24', 'cer-1m']);
  });
});

describe('calendarOf', () => {
  test("prefers the clock's calendar, then that of the Member State, then that of the institutions", () => {
    expect(calendarOf(clocks, clockOf('reg-2841-24'), 'de').id).toBe('eu');
    expect(calendarOf(clocks, clockOf('nis2-24'), 'de').id).toBe('de');
    expect(calendarOf(clocks, clockOf('hold')).id).toBe('eu');
  });

  test('rejects an unknown Member State', () => {
    expect(() => calendarOf(clocks, clockOf('nis2-24'), 'uk')).toThrow('unknown calendar uk');
  });
});
