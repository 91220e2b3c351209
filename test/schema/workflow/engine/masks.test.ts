import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Actor, Attempt } from '../../../../schema/workflow/engine/attempt.ts';
import { decide, movesFrom } from '../../../../schema/workflow/engine/decide.ts';
import { type Known, standingFor } from '../../../../schema/workflow/engine/progress.ts';
import { allRoles, declaredAs, endOf } from './declared.ts';

const hour = 3_600_000;
const start = new Date('2026-03-02T08:00:00Z');
const asker: Actor = {
  organisation: 'one',
  roles: new Set(allRoles),
  offices: new Set(),
  relations: new Set(['asker']),
};
const texts = { grading: 'A1', statementKind: 'fact', text: 'Seen once.', more: 'Logs.', reason: 'Law.' };
const answer = { ...texts, searched: 'The log.', scope: 'whole', fields: ['title'], purpose: 'Defence.' };

/** The hours after the start at which the other side moves, at which the answer is due, and at which the asker looks. */
const hours: fc.Arbitrary<Hours> = fc.record({
  first: fc.integer({ min: 0, max: 12 }),
  hidden: fc.integer({ min: 0, max: 12 }),
  lateBy: fc.constantFrom(0, 0, 0.05, 1, 6),
  due: fc.constantFrom(null, 6, 12, 18, 24, 30, 60),
  extended: fc.constantFrom(null, 3, 24),
  look: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.constantFrom(6, 12, 18, 24, 30)),
  ms: fc.constantFrom(-1, 0, 1),
  enteredLate: fc.constantFrom(-0.1, 0, 0.05, 0.5, 2, 10, 23, 30),
  late: fc.constantFrom(null, { reason: 'No network.', channel: 'telephone' }),
});
type Hours = {
  readonly first: number;
  readonly hidden: number;
  readonly lateBy: number;
  readonly due: number | null;
  readonly extended: number | null;
  readonly look: number;
  readonly ms: number;
  readonly enteredLate: number;
  readonly late: Attempt['late'];
};

/** A record whose other side stayed silent after the visible moves, and the same record after hidden moves. */
type Twins = { readonly silent: Known; readonly hidden: Known };

describe('the asker of an information request', () => {
  const { engine } = declaredAs('information-thread');
  const addressee: Actor = {
    organisation: 'one',
    roles: new Set(),
    offices: new Set(),
    relations: new Set(['addressee']),
  };
  const visible = fc.constantFrom<readonly string[]>([], ['ack'], ['partly'], ['ack', 'partly']);
  const hiding = fc.constantFrom('decline', 'nothing');

  test('learns nothing from the thread of an addressee that declined or holds nothing, at any instant', () => {
    const property = fc.property(visible, hiding, hours, (before, move, when) => {
      // After a part of the answer, an addressee can no longer say that it holds nothing.
      fc.pre(move === 'decline' || !before.includes('partly'));
      expectTwins(engine, twinsOf(engine, addressee, before, [move], when), when);
    });
    fc.assert(property, { numRuns: 4000, seed: 20_260_303 });
  });

  test('sees the true outcome once the addressee reveals it', () => {
    const when = { ...still, due: 24 };
    const { hidden } = twinsOf(engine, addressee, ['ack'], ['decline', 'reveal'], when);
    for (const look of [4, 24, 60])
      expect(shownAt(engine, hidden, look)).toMatchObject({ state: 'declined' });
  });

  test('sees the state before the hidden one until the time for an answer, and one outcome from then on', () => {
    const when = { ...still, due: 24 };
    const { hidden } = twinsOf(engine, addressee, ['ack'], ['decline'], when);
    const due = at(24);
    expect(shownAt(engine, hidden, 4)).toEqual({ state: 'acknowledged', since: at(1), facts: {} });
    expect(shownAt(engine, hidden, 23.99)).toEqual({ state: 'acknowledged', since: at(1), facts: {} });
    const outcome = { state: 'no-information-provided', since: due, facts: {} };
    expect(shownAt(engine, hidden, 24)).toEqual(outcome);
  });

  test('gets the same refusal of a late entry, although the addressee declined after the time that it states', () => {
    const when = { ...still, first: 1, hidden: 3, due: 24 };
    const twins = twinsOf(engine, addressee, ['ack'], ['decline'], when);
    const late = { reason: 'No network.', channel: 'telephone' };
    const feedback = { move: 'feedback', actor: asker, input: { usefulness: 'useful' }, late };
    const [hidden, silent] = [twins.hidden, twins.silent].map((known) =>
      decide(engine, { ...feedback, known, now: at(5), happenedAt: at(2) }, endOf),
    );
    expect(hidden).toEqual(silent);
    expect(hidden).toMatchObject({ refused: { code: 'WRONG_STATE' } });
  });
});

describe('the asker of a release request', () => {
  const { engine } = declaredAs('release-answer');
  const originator: Actor = {
    organisation: 'one',
    roles: new Set(),
    offices: new Set(),
    relations: new Set(['originator']),
  };
  const hiding = fc.constantFrom<readonly string[]>(['review'], ['refuse'], ['review', 'refuse']);

  test('learns neither that it is reviewed nor that it is refused, at any instant', () => {
    const property = fc.property(hiding, hours, (moves, when) => {
      expectTwins(engine, twinsOf(engine, originator, [], moves, when), when);
    });
    fc.assert(property, { numRuns: 2000, seed: 20_260_304 });
  });

  test('sees that it is asked, and from the time for an answer on that there is no release', () => {
    const { hidden } = twinsOf(engine, originator, [], ['review', 'refuse'], { ...still, due: 24 });
    for (const look of [4, 23])
      expect(shownAt(engine, hidden, look)).toMatchObject({ state: 'asked', since: start });
    expect(shownAt(engine, hidden, 24)).toMatchObject({ state: 'no-release', since: at(24) });
  });
});

const still: Hours = {
  first: 1,
  hidden: 2,
  lateBy: 0,
  due: null,
  extended: null,
  look: 0,
  ms: 0,
  enteredLate: 0,
  late: null,
};

type Engine = ReturnType<typeof declaredAs>['engine'];

function at(hoursAfter: number): Date {
  return new Date(start.getTime() + hoursAfter * hour);
}

/** Makes the visible moves, then the hidden ones in the second twin only. The other side may enter them late. */
function twinsOf(
  engine: Engine,
  actor: Actor,
  visible: readonly string[],
  hidden: readonly string[],
  { first, hidden: wait, lateBy, due, extended }: Hours,
): Twins {
  const instants = due === null ? {} : { answerBy: at(due), answerAt: at(due) };
  const [initial = ''] = Object.entries(engine.states).find(([, { initial: is }]) => is === true) ?? [];
  const facts = 'answerAt' in engine.facts ? instants : {};
  const begun: Known = { progress: { state: initial, since: start, facts, former: null }, fields: instants };
  const silent = visible.reduce(
    (known, move, index) => make(engine, known, actor, move, at(first * (index + 1)), 0),
    begun,
  );
  const decided = hidden.reduce(
    (known, move, index) =>
      make(engine, known, actor, move, at(first * visible.length + wait * (index + 1)), lateBy),
    silent,
  );
  const fields = extended === null || due === null ? instants : { ...instants, answerBy: at(due + extended) };
  return { silent: { ...silent, fields }, hidden: { ...decided, fields } };
}

/** Makes a move of the other side. One that is too late is left out: then the twins are the same. */
function make(
  engine: Engine,
  known: Known,
  actor: Actor,
  move: string,
  happenedAt: Date,
  lateBy: number,
): Known {
  const taken = Object.keys(engine.moves[move]?.input ?? {});
  const values = { ...answer, moreBy: at(40), until: at(90), onward: false, records: ['x'] };
  const input = Object.fromEntries(Object.entries(values).filter(([name]) => taken.includes(name)));
  const now = new Date(happenedAt.getTime() + lateBy * hour);
  const late = { reason: 'No network.', channel: 'telephone' };
  const decided = decide(engine, { move, known, actor, input, now, happenedAt, late }, endOf);
  if ('progress' in decided) return { ...known, progress: decided.progress };
  expect(decided.refused).toMatchObject({ code: 'WRONG_STATE' });
  return known;
}

function shownAt(engine: Engine, known: Known, look: number): unknown {
  return standingFor(engine, known, asker.relations, at(look), endOf);
}

/** Expects that the asker sees the same of both twins: the state, the possible moves, and the refusals of every move. */
function expectTwins(engine: Engine, { silent, hidden }: Twins, when: Hours): void {
  const now = new Date(at(when.look).getTime() + when.ms);
  const happenedAt = new Date(now.getTime() - when.enteredLate * hour);
  const seenOf = (known: Known): unknown => ({
    standing: standingFor(engine, known, asker.relations, now, endOf),
    possible: movesFrom(engine, { known, actor: asker, now }, endOf),
    refusals: Object.keys(engine.moves).flatMap((move) =>
      [{}, { usefulness: 'useful' }, { ...answer, until: at(1) }].map((input) => {
        const attempt: Attempt = { move, known, actor: asker, input, now, happenedAt, late: when.late };
        return decide(engine, attempt, endOf);
      }),
    ),
  });
  expect(seenOf(hidden)).toEqual(seenOf(silent));
}
