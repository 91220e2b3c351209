import { describe, expect, test } from '@jest/globals';
import { decide, type Decided } from '../../../../schema/workflow/engine/decide.ts';
import { declared, endOf } from './declared.ts';
import { type Case, MoveCases } from './move-cases.ts';

const all = declared.map((one) => {
  const cases = new MoveCases(one);
  const outcomeOf = ({ title, attempt }: Case): Outcome => ({
    title,
    ...withoutFormer(decide(one.engine, attempt, endOf)),
  });
  return { name: one.name, cases, outcomeOf };
});

type Outcome = Readonly<Record<string, unknown>>;

describe('each move that a person makes', () => {
  test.each(
    all.map(({ cases, ...one }) => ({
      ...one,
      leads: cases.leads(),
      moves: cases.personal.length,
      tried: cases.leads().length,
    })),
  )('of $name leads to its declared state ($moves moves, $tried situations)', ({ leads, outcomeOf }) => {
    const expected = leads.map(({ title, to }) => ({ title, state: to }));
    expect(leads.map(outcomeOf)).toEqual(expected);
  });

  test.each(counted(({ cases }) => cases.strangers()))(
    'of $name is refused to each role, office and relation that it does not name ($tried refusals)',
    ({ tries, outcomeOf }) => {
      expectRefusals(tries, outcomeOf, 'NOT_ALLOWED');
    },
  );

  test.each(counted(({ cases }) => cases.wrongStates()))(
    'of $name is refused in each other state, and the refusal names the state and the possible moves ($tried refusals)',
    ({ tries, outcomeOf }) => {
      expectRefusals(tries, outcomeOf, 'WRONG_STATE');
    },
  );

  test.each(counted(({ cases }) => cases.missingInputs()))(
    'of $name is refused without one of its required inputs ($tried refusals)',
    ({ tries, outcomeOf }) => {
      expectRefusals(tries, outcomeOf, 'INVALID');
    },
  );
});

describe('each move of the system and of the clock', () => {
  test.each(counted(({ cases }) => cases.automatic()))(
    'of $name is refused to every person in every state ($tried refusals)',
    ({ tries, outcomeOf }) => {
      expectRefusals(tries, outcomeOf, 'NOT_ALLOWED');
    },
  );
});

type Tries = ReturnType<MoveCases['strangers']>;

function counted(casesOf: (one: (typeof all)[number]) => Tries) {
  return all
    .map((one) => ({ ...one, tries: casesOf(one), tried: casesOf(one).length }))
    .filter(({ tried }) => tried > 0);
}

function expectRefusals(tries: Tries, outcomeOf: (one: Case) => Outcome, code: string): void {
  const outcomes = tries.map(outcomeOf);
  const expected = tries.map(({ title, message, path = [] }, at) => ({
    title,
    code,
    path,
    message: message ?? outcomes[at]?.['message'],
  }));
  expect(outcomes).toEqual(expected);
}

function withoutFormer(decided: Decided): Outcome {
  return 'refused' in decided ? decided.refused : { state: decided.progress.state };
}
