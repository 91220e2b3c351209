import { expect, test } from '@jest/globals';
import { withFlags } from '../../../../subgraphs/serve/ingest/command.ts';
import { prepare } from '../../../../subgraphs/serve/ingest/prepare.ts';
import type { Defaults, Mapped } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { markingOf } from '../../../../subgraphs/serve/record/marking.ts';
import { audienceOf } from '../../../helpers/records.ts';

const defaults: Defaults = {
  originator: 'cert-eu',
  provider: 'cert-eu',
  custodian: 'cert-eu',
  marking: markingOf('GREEN'),
  audience: audienceOf(),
  purposes: ['incident-response'],
  exercise: null,
  sourceUrl: null,
};

/** Prepares a record of a file that names an originator, or none, and returns the stored originator. */
function originatorOf(named: string | null, speaksFor?: readonly string[]): string {
  const mapped: Mapped = {
    kind: 'MispEvent',
    localId: '1',
    content: {},
    sortAt: null,
    names: [],
    ...(named === null ? {} : { says: { originator: named } }),
  };
  const given = withFlags(defaults, { rejects: '.', ...(speaksFor === undefined ? {} : { speaksFor }) });
  return prepare(mapped, given, 1, new Date(0)).envelope.originator;
}

const refused = expect.objectContaining({
  reason: 'FOREIGN_RECORD',
  message: expect.stringContaining('may not speak for: name it with --speaks-for'),
});

test('takes the default originator, the own community and other publishers of a file', () => {
  expect(originatorOf(null)).toBe('cert-eu');
  expect(originatorOf('cert-eu')).toBe('cert-eu');
  expect(originatorOf('exercise-vendor')).toBe('exercise-vendor');
});

test.each(['enisa', 'europol', 'eeas', 'defence', 'joint-unit'])(
  'refuses a record whose file names %s as its originator, unless the import may speak for it',
  (other) => {
    expect(() => originatorOf(other)).toThrow(refused);
    expect(originatorOf(other, [other])).toBe(other);
  },
);

test('refuses every originator outside the list that was given', () => {
  expect(originatorOf('csirt-fr', ['csirt-fr'])).toBe('csirt-fr');
  expect(originatorOf('cert-eu', ['csirt-fr'])).toBe('cert-eu');
  expect(() => originatorOf('csirt-pl', ['csirt-fr'])).toThrow(refused);
  expect(() => originatorOf('exercise-vendor', ['csirt-fr'])).toThrow(refused);
});
