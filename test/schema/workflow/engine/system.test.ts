import { expect, test } from '@jest/globals';
import { systemMovesAfter } from '../../../../schema/workflow/engine/system.ts';
import { declaredAs, endOf } from './declared.ts';

/** Tests the moves that the system makes at once after a move of a person. */

const agreement = declaredAs('agreement').engine;
const at = new Date('2026-11-03T10:00:00Z');
const parties = [{ organisation: 'Organisation:cert-eu' }, { organisation: 'Organisation:partner' }];

function statesAfter(state: string, facts: object, fields: object = { parties }): readonly string[] {
  const progress = { state, since: at, facts: facts as Record<string, unknown>, former: null };
  return systemMovesAfter(agreement, { progress, fields: fields as Record<string, unknown> }, at, endOf).map(
    ({ move, progress: after }) => `${move} ${after.state}`,
  );
}

test.each([
  ['one of two approvals', 'internal-approval', { approvers: ['iicb', 'board'], approvedBy: ['iicb'] }, []],
  [
    'every approval',
    'internal-approval',
    { approvers: ['iicb', 'board'], approvedBy: ['board', 'iicb'] },
    ['toSignature signature'],
  ],
  ['no approval is needed', 'internal-approval', {}, ['toSignature signature']],
  ['one of two signatures', 'signature', { signedBy: ['cert-eu'] }, []],
  ['every signature', 'signature', { signedBy: ['partner', 'cert-eu'] }, ['signed signed']],
  ['a signature of another body', 'signature', { signedBy: ['cert-eu', 'iicb'] }, []],
  ['every signature in another state', 'negotiation', { signedBy: ['partner', 'cert-eu'] }, []],
])('after %s', (_case, state, facts, expected) => {
  expect(statesAfter(state, facts)).toEqual(expected);
});

test('makes several moves in their order, and none twice', () => {
  const facts = { approvers: [], signedBy: ['cert-eu', 'partner'] };
  expect(statesAfter('internal-approval', facts)).toEqual(['toSignature signature', 'signed signed']);
});

test('signs no agreement without parties', () => {
  expect(statesAfter('signature', {}, {})).toEqual([]);
});
