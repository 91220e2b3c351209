import { memberStateKey } from '../../../../schema/record/keys.ts';
import { valuesOf } from '../../../../schema/workflow/engine/condition.ts';
import { invalid, Refused } from '../../changes/refused.ts';
import type { Check, Stated } from '../ground.ts';

/** The grounds of refusal of joint cases and of assessments of their level, by workflow and move. */
export const groundsOfCases: Readonly<Record<string, Check>> = {
  'case.open': (stated) =>
    findLeft(stated) ??
    (names(stated.input['invited'], stated.input['lead'])
      ? invalid('invited', 'the lead takes part already: leave it out')
      : null),
  'case.reopen': (stated) =>
    findLeft(stated) ??
    (typeof factsOf(stated)['lead'] === 'string'
      ? null
      : new Refused('WRONG_STATE', [], 'a draft that was discarded cannot be reopened: draft a new case')),
  'case.invite': (stated) =>
    takesPart(stated) ? invalid('organisation', 'this organisation is invited or takes part already') : null,
  'case.offerLead': (stated) => {
    const { joined, lead } = factsOf(stated);
    const { organisation } = stated.input;
    if (organisation === lead) return invalid('organisation', 'expected another organisation than the lead');
    if (names(joined, organisation)) return null;
    return invalid('organisation', 'expected a participant: invite the organisation first, it must join');
  },
  'case.leave': (stated) =>
    factsOf(stated)['lead'] === stated.actor.organisation
      ? new Refused(
          'WRONG_STATE',
          [],
          'your organisation leads the case: another one must take the lead first',
        )
      : null,
  'case.remove': (stated) => {
    if (stated.input['organisation'] === factsOf(stated)['lead'])
      return invalid(
        'organisation',
        'this organisation leads the case: another one must take the lead first',
      );
    return takesPart(stated) ? null : invalid('organisation', 'expected an organisation that takes part');
  },
  'case.proposeMerge': (stated) => findLateMerge(stated),
  'case.agreeMerge': (stated) => findLateMerge(stated),
  'case.withdrawMerge': ({ known }) =>
    typeof known?.fields['mergeProposed'] === 'string'
      ? null
      : new Refused('WRONG_STATE', [], 'no merge of this case is proposed'),
  'case.beginClosing': ({ late }) =>
    late === null
      ? null
      : invalid('happenedAt', 'the time for objections begins when the closing is entered: leave it out'),
  'case.close': (stated) => {
    const { silenceUntil, objectedBy } = factsOf(stated);
    if (silenceUntil instanceof Date && stated.happenedAt < silenceUntil)
      return new Refused(
        'WRONG_STATE',
        [],
        `the participants can object until ${silenceUntil.toISOString()}`,
      );
    const objecting = Array.isArray(objectedBy) ? objectedBy.join(', ') : '';
    return objecting === ''
      ? null
      : new Refused('WRONG_STATE', [], `resume the case, or begin the closing again: ${objecting} objects`);
  },
  'level.assessLevel': (stated) => findUnfounded(stated),
  'level.assessLevelAgain': (stated) => findUnfounded(stated),
  'level.reviseLevel': (stated) => findUnfounded(stated),
};

/**
 * Throws Refused if an assessment is about another Member State than the reader's. A body without a Member State speaks
 * for Union entities, or for the Union.
 */
export function refuseOtherState(workflow: string, input: Stated['input'], memberState: string | null): void {
  const state = input['memberState'];
  if (workflow !== 'level' || typeof state !== 'string') return;
  if (memberState !== null && memberStateKey(memberState) === memberStateKey(state)) return;
  throw new Refused(
    'NOT_ALLOWED',
    ['memberState'],
    `the level of ${state} is stated by the authorities of ${state} only`,
  );
}

/** A statement of another body needs its reference. */
function findUnfounded(stated: Stated): Refused | null {
  const { about } = valuesOf(stated);
  const { reference } = stated.input;
  if (about === 'union' && (typeof reference !== 'string' || reference.trim() === ''))
    return invalid('reference', 'a statement about the Union as a whole needs the reference of its decision');
  return null;
}

/** A merge concerns two cases: the other one can have been changed since the time that a late entry would state. */
function findLateMerge({ late }: Stated): Refused | null {
  return late === null ? null : invalid('happenedAt', 'a merge is made when it is entered: leave it out');
}

function findLeft(stated: Stated): Refused | null {
  return names(factsOf(stated)['left'], stated.actor.organisation)
    ? new Refused('NOT_ALLOWED', [], 'your organisation takes no part in this case any more')
    : null;
}

function takesPart(stated: Stated): boolean {
  const { invited, joined } = factsOf(stated);
  const { organisation } = stated.input;
  return names(invited, organisation) || names(joined, organisation);
}

function names(list: unknown, organisation: unknown): boolean {
  return Array.isArray(list) && list.includes(organisation);
}

function factsOf({ known }: Stated): Readonly<Record<string, unknown>> {
  return known?.progress.facts ?? {};
}
