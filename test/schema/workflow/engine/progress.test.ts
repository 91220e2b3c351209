import { describe, expect, test } from '@jest/globals';
import { type Known, standingAt } from '../../../../schema/workflow/engine/progress.ts';
import { workflowFile, type WorkflowFile } from '../../../../schema/workflow/language/language.ts';
import { declaredAs, endOf as endOfDeclared } from './declared.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** The instant at which the stored state began. All others are counted in hours from it. */
const start = new Date('2026-03-02T08:00:00Z');

function at(hours: number): Date {
  return new Date(start.getTime() + hours * hour);
}

/** A clock of ten hours, and one that never ends. */
function endOf(clock: string, from: Date): Date | null {
  return clock === 'ten-hours' ? new Date(from.getTime() + 10 * hour) : null;
}

type Computed = WorkflowFile['states'][string]['computed'];

/** A workflow with the stored states `open` and `closed`, and computed states in the order of the file. */
function withComputed(computed: Readonly<Record<string, Computed>>): WorkflowFile {
  const states = Object.entries(computed).map(([name, one]) => [name, { is: 'Computed.', computed: one }]);
  const is = 'A text that says more.';
  return workflowFile.parse({
    format: 'jcu-workflow/1',
    section: 'W1',
    title: 'Test',
    is,
    kind: 'any',
    subject: 'record',
    relations: {},
    states: { open: { is, initial: true }, closed: { is, final: true }, ...Object.fromEntries(states) },
    moves: { close: { id: 'test.close', from: ['open'], to: 'closed', by: 'clock', basis: 'practice' } },
  });
}

function stateAt(workflow: WorkflowFile, hours: number, values: Partial<Values>): string {
  const { state = 'open', facts = {}, fields = {} } = values;
  const known: Known = { progress: { state, since: start, facts, former: null }, fields };
  return standingAt(workflow, known, at(hours), endOf).state;
}

type Values = { readonly state: string; readonly facts: Known['fields']; readonly fields: Known['fields'] };

/** The last hour in which `open` is shown, and the first in which the computed state is. Null: it is never shown. */
type Row = readonly [string, Exclude<Computed, undefined>, Known['fields'], number | null];

const from = ['open'];
const rows: readonly Row[] = [
  ['at: from a fact on', { from, at: 'dueAt' }, { dueAt: at(5) }, 5],
  ['at: never, without the fact', { from, at: 'dueAt' }, {}, null],
  ['at: never, if the fact is not an instant', { from, at: 'dueAt' }, { dueAt: 'tomorrow' }, null],
  [
    'at: from the end of a clock, counted from the last change of state',
    { from, at: { clock: 'ten-hours' } },
    {},
    10,
  ],
  [
    'at: from the end of a clock, counted from a fact',
    { from, at: { clock: 'ten-hours', of: 'sentAt' } },
    { sentAt: at(3) },
    13,
  ],
  [
    'at: never, without the fact that starts the clock',
    { from, at: { clock: 'ten-hours', of: 'sentAt' } },
    {},
    null,
  ],
  ['at: never, if the clock has no end', { from, at: { clock: 'no-end' } }, {}, null],
  [
    'before: in the last quarter of the period',
    { from, before: { at: 'until', quarters: 1 } },
    { until: at(8) },
    6,
  ],
  ['before: in the last days', { from, before: { at: 'until', days: 2 } }, { until: at(72) }, 24],
  [
    'before: from the instant on, without quarters and days',
    { from, before: { at: 'until' } },
    { until: at(8) },
    8,
  ],
  [
    'before: in the last quarter of a clock',
    { from, before: { at: { clock: 'ten-hours' }, quarters: 1 } },
    {},
    7.5,
  ],
  [
    'before: in the last quarter of a period that begins with a fact',
    { from, before: { at: 'until', quarters: 1, of: 'sentAt' } },
    { sentAt: at(4), until: at(8) },
    7,
  ],
  [
    'before: never, without the fact with which the period begins',
    { from, before: { at: 'until', quarters: 1, of: 'sentAt' } },
    { until: at(8) },
    null,
  ],
  ['before: never, without the fact', { from, before: { at: 'until', quarters: 1 } }, {}, null],
  ['since: from the instant of a fact on', { from, since: 'noticeAt' }, { noticeAt: at(4) }, 4],
  ['since: never, before the fact is set', { from, since: 'noticeAt' }, { noticeAt: null }, null],
  ['until: from the start on', { from, until: 'startedAt' }, {}, 0],
  ['until: not any more, after the fact is set', { from, until: 'startedAt' }, { startedAt: at(3) }, null],
  [
    'at and until: while the fact is not set',
    { from, at: 'dueAt', until: 'returnedAt' },
    { dueAt: at(5) },
    5,
  ],
  [
    'at and until: a fact that is false is not set',
    { from, at: 'dueAt', until: 'isDone' },
    { dueAt: at(5), isDone: false },
    5,
  ],
  [
    'at and until: not any more',
    { from, at: 'dueAt', until: 'returnedAt' },
    { dueAt: at(5), returnedAt: at(9) },
    null,
  ],
  [
    'several: the earliest counts',
    { from, at: 'dueAt', since: 'noticeAt', before: { at: 'until' } },
    { dueAt: at(5), noticeAt: at(4), until: at(6) },
    4,
  ],
  [
    'several: one without a value does not count',
    { from, at: 'dueAt', before: { at: 'until' } },
    { until: at(6) },
    6,
  ],
];

describe('a computed state applies', () => {
  test.each(rows)('%s', (_title, computed, facts, first) => {
    const workflow = withComputed({ shown: computed });
    const last = new Date(at(first ?? 0).getTime() - 1);
    const known: Known = { progress: { state: 'open', since: start, facts, former: null }, fields: {} };
    const begun = {
      state: first === null ? 'open' : 'shown',
      since: first === null ? start : at(first),
      facts,
    };
    expect(standingAt(workflow, known, last, endOf).state).toBe('open');
    expect(standingAt(workflow, known, at(first ?? 0), endOf)).toEqual(begun);
    expect(standingAt(workflow, known, at(9000), endOf)).toEqual(begun);
  });

  test('at an instant that is a field of the record, if no fact of that name is set', () => {
    const workflow = withComputed({ late: { from, at: 'dueAt' } });
    expect(stateAt(workflow, 5, { fields: { dueAt: at(5) } })).toBe('late');
    expect(stateAt(workflow, 5, { fields: { dueAt: at(5) }, facts: { dueAt: at(6) } })).toBe('open');
  });

  test('in the stored states that it names only', () => {
    const workflow = withComputed({ late: { from, at: 'dueAt' } });
    expect(stateAt(workflow, 6, { state: 'closed', facts: { dueAt: at(5) } })).toBe('closed');
  });
});

describe('of several computed states that apply', () => {
  const facts = { dueAt: at(8), latestAt: at(10) };
  const soon = { from, before: { at: 'dueAt', quarters: 1 as const } };
  const overdue = { from, at: 'latestAt' };

  test.each([
    [5, 'open'],
    [6, 'soon'],
    [8, 'soon'],
    [10, 'overdue'],
    [1000, 'overdue'],
  ])('after %i hours the last in the file is shown: %s', (hours, state) => {
    expect(stateAt(withComputed({ soon, overdue }), hours, { facts })).toBe(state);
  });

  test('the last in the file is shown even if it began earlier', () => {
    expect(stateAt(withComputed({ overdue, soon }), 11, { facts })).toBe('soon');
  });
});

describe('a stage of a notification', () => {
  const { engine } = declaredAs('notification-stage');
  const started = { startedAt: at(100), dueAt: at(124), latestAt: at(125) };

  test.each([
    ['waiting', 0, {}],
    ['waiting', 900, {}],
    ['not-due', 100, started],
    ['not-due', 117, started],
    ['due', 118, started],
    ['due', 124, started],
    ['overdue', 125, started],
    ['overdue', 26, { latestAt: at(26) }],
  ])('is %s after %i hours', (state, hours, facts) => {
    const known: Known = { progress: { state: 'expected', since: start, facts, former: null }, fields: {} };
    expect(standingAt(engine, known, at(hours), endOfDeclared).state).toBe(state);
  });
});

describe('an agreement', () => {
  const { engine } = declaredAs('agreement');
  const endsAt = new Date(start.getTime() + 100 * day);

  test.each([
    ['in force', 39, {}, 'in-force'],
    ['ending, 60 days before its end', 40, {}, 'ending'],
    ['ending, from a notice on', 10, { noticeAt: at(240) }, 'ending'],
  ])('is %s', (_title, days, facts, state) => {
    const progress = { state: 'in-force', since: start, facts: { endsAt, ...facts }, former: null };
    const now = new Date(start.getTime() + days * day);
    expect(standingAt(engine, { progress, fields: {} }, now, endOfDeclared).state).toBe(state);
  });
});
