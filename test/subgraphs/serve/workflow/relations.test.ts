import { expect, test } from '@jest/globals';
import { organisationKey } from '../../../../schema/record/keys.ts';
import { actorOn } from '../../../../subgraphs/serve/workflow/relations.ts';
import { readerOf } from '../../../helpers/records.ts';

const now = new Date('2026-03-04T12:00:00Z');
const of = { relations: {}, subject: 'record' } as const;

test('gives the reader’s offices in force at the time of the request, and those only', () => {
  const offices = [
    { office: 'case-lead', until: '2026-03-04T12:00:00.001Z' },
    { office: 'editor', until: '2026-03-04T12:00:00.000Z' },
    { office: 'signatory', until: '2026-01-01T00:00:00.000Z' },
    { office: 'evaluator', until: 'never' },
  ];
  const actor = actorOn(of, { reader: readerOf({ offices }), now }, {}, null);
  expect([...actor.offices]).toEqual(['case-lead']);
});

test('gives the relations of the reader’s own organisation, and no office without one', () => {
  const relations = {
    asker: { is: 'The asker.', field: 'askedBy' },
    party: { is: 'A party.', field: 'parties' },
  };
  const [own, other] = ['csirt-fr', 'csirt-pl'].map(organisationKey);
  const content = { askedBy: other, parties: [own, other] };
  const actor = actorOn({ ...of, relations }, { reader: readerOf(), now }, content, null);
  expect([[...actor.relations], [...actor.offices]]).toEqual([['party'], []]);
});
