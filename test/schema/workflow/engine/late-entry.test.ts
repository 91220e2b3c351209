import { describe, expect, test } from '@jest/globals';
import type { Actor, Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { decide, type Decided } from '../../../../schema/workflow/engine/decide.ts';
import { type Known, standingAt } from '../../../../schema/workflow/engine/progress.ts';
import { declaredAs, endOf } from './declared.ts';

const hold = declaredAs('hold').engine;
const silence = declaredAs('silence').engine;
const late = { reason: 'The network of the site was down.', channel: 'telephone' };
const addressee: Actor = {
  organisation: 'one',
  roles: new Set(['csirt-analyst']),
  offices: new Set(),
  relations: new Set(['addressee']),
};
const participant: Actor = {
  organisation: 'one',
  roles: new Set(),
  offices: new Set(),
  relations: new Set(['participant']),
};

/** An instant of one day: `day('14:00')`. */
function day(time: string): Date {
  return new Date(`2026-03-04T${time}:00.000Z`);
}

/** A hold that was asked for at 10:00, until 20:00. Without an answer it counts as unanswered from 12:00 on. */
const asked: Known = {
  progress: { state: 'asked', since: day('10:00'), facts: { until: day('20:00') }, former: null },
  fields: {},
};

/** Enters at 14:00 that the addressee agreed to the hold, or what the test says instead. */
function agree(changes: Partial<Attempt>): Decided {
  const input = { scope: 'The takedown.', until: day('18:00') };
  const now = day('14:00');
  const attempt = { move: 'agree', known: asked, actor: addressee, input, now, happenedAt: now, late };
  return decide(hold, { ...attempt, ...changes }, endOf);
}

describe('a move that is entered later', () => {
  test.each([
    [
      'in the future',
      { happenedAt: new Date(day('14:00').getTime() + 1) },
      ['happenedAt'],
      /a time that is over, got 2026-03-04T14:00:00.001Z/,
    ],
    ['in the far future', { happenedAt: day('23:00') }, ['happenedAt'], /a time that is over/],
    [
      'more than 24 hours ago',
      { happenedAt: new Date('2026-03-03T13:59:59.999Z') },
      ['happenedAt'],
      /within 24 hours/,
    ],
    [
      'before the last change of state',
      { happenedAt: day('09:59') },
      ['happenedAt'],
      /after the last change of state, 2026-03-04T10:00:00.000Z, got 2026-03-04T09:59/,
    ],
    [
      'without a reason and a channel',
      { happenedAt: day('13:54'), late: null },
      ['late'],
      /its reason and the channel/,
    ],
    [
      'with a blank reason',
      { happenedAt: day('11:00'), late: { ...late, reason: ' ' } },
      ['late', 'reason'],
      /its reason and the channel/,
    ],
    [
      'with a blank channel',
      { happenedAt: day('11:00'), late: { ...late, channel: '' } },
      ['late', 'channel'],
      /its reason and the channel/,
    ],
  ])('is refused %s', (_situation, changes, path, message) => {
    expect(agree(changes)).toEqual({
      refused: { code: 'INVALID', path, message: expect.stringMatching(message) },
    });
  });

  test('needs no reason and channel up to five minutes after it happened', () => {
    const known = { ...asked, progress: { ...asked.progress, since: day('13:00') } };
    expect(agree({ known, happenedAt: day('13:55'), late: null })).toMatchObject({
      progress: { state: 'agreed' },
    });
    const after = new Date(day('13:55').getTime() - 1);
    expect(agree({ known, happenedAt: after, late: null })).toMatchObject({ refused: { path: ['late'] } });
  });

  test('is accepted exactly 24 hours after it happened', () => {
    const since = new Date('2026-03-03T13:30:00Z');
    const known = { ...asked, progress: { ...asked.progress, since } };
    const happenedAt = new Date('2026-03-03T14:00:00Z');
    expect(agree({ known, happenedAt })).toMatchObject({ progress: { since: happenedAt } });
  });

  test('may state a time up to five minutes before the last change, because clocks differ', () => {
    const known = { ...asked, progress: { ...asked.progress, since: day('13:59') } };
    expect(agree({ known, happenedAt: day('13:56') })).toMatchObject({ progress: { state: 'agreed' } });
  });
});

describe('a state that the clock computes', () => {
  test('does not prevent an agreement by telephone that was made before it', () => {
    expect(standingAt(hold, asked, day('14:00'), endOf)).toMatchObject({
      state: 'unanswered',
      since: day('12:00'),
    });
    const decided = agree({ happenedAt: day('11:00') });
    expect(decided).toMatchObject({ progress: { state: 'agreed', since: day('11:00') } });
    const known: Known = { ...asked, ...decided };
    expect(standingAt(hold, known, day('14:00'), endOf)).toMatchObject({
      state: 'agreed',
      since: day('11:00'),
    });
  });

  test('prevents an agreement that was made at its instant or later', () => {
    const message = 'its state is unanswered: from here you can make no move';
    for (const happenedAt of [day('12:00'), day('13:00'), day('14:00')])
      expect(agree({ happenedAt })).toEqual({ refused: { code: 'WRONG_STATE', path: [], message } });
    const before = new Date(day('12:00').getTime() - 1);
    expect(agree({ happenedAt: before })).toMatchObject({ progress: { state: 'agreed' } });
  });

  test('is named in a refusal with the moves that were possible at the stated time', () => {
    const happenedAt = day('11:00');
    const message = 'its state is asked: from here you can make agree, counter, refuse';
    expect(agree({ move: 'lift', input: { reason: 'Done.' }, happenedAt })).toEqual({
      refused: { code: 'WRONG_STATE', path: [], message },
    });
  });
});

describe('a move that is refused from an instant on', () => {
  const open: Known = {
    progress: { state: 'open', since: day('08:00'), facts: { until: day('12:00') }, former: null },
    fields: {},
  };
  const attempt = { move: 'agree', known: open, actor: participant, input: {}, now: day('14:00'), late };

  test('is accepted later if it was made before the instant', () => {
    const happenedAt = new Date(day('12:00').getTime() - 1);
    expect(decide(silence, { ...attempt, happenedAt }, endOf)).toHaveProperty('progress');
  });

  test('is refused if it was made at the instant or later', () => {
    const message = 'its state is lapsing: from here you can make no move';
    for (const happenedAt of [day('12:00'), day('14:00')])
      expect(decide(silence, { ...attempt, happenedAt }, endOf)).toEqual({
        refused: { code: 'WRONG_STATE', path: [], message },
      });
  });
});

describe('the times that a move sets', () => {
  test('are counted from the time at which it happened', () => {
    const recall = declaredAs('recall').engine;
    const actor: Actor = {
      organisation: 'one',
      roles: new Set(),
      offices: new Set(),
      relations: new Set(['originator']),
    };
    const input = { recordId: 'Sighting:1', reason: 'error', action: 'delete', use: 'blocking-or-detection' };
    const attempt = { move: 'issue', known: null, actor, input, now: day('14:00'), late };
    const happenedAt = day('11:00');
    const dueAt = endOf('recall-urgent', happenedAt);
    expect(dueAt).toBeInstanceOf(Date);
    expect(decide(recall, { ...attempt, happenedAt }, endOf)).toMatchObject({
      progress: { since: happenedAt, facts: { dueAt } },
    });
  });
});
