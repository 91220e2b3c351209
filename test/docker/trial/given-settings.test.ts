import { expect, test } from '@jest/globals';
import { readGiven, settable } from '../../../docker/trial/given-settings.ts';

test('takes settings of the hub from --set before the environment', () => {
  const env = { JCU_READER_BUDGET: '1/1', JCU_PART_DEADLINE_MS: '5000', PATH: '/bin' };
  expect(readGiven(env, ['JCU_READER_BUDGET=600000/60'])).toEqual({
    JCU_READER_BUDGET: '600000/60',
    JCU_PART_DEADLINE_MS: '5000',
  });
});

test('leaves the settings that the trial makes to the trial', () => {
  expect(readGiven({ JCU_STORE_URI: 'mongodb://other', JCU_PORT: '1', NODE_ENV: 'production' }, [])).toEqual(
    {},
  );
  for (const wrong of [
    'JCU_STORE_URI=x',
    'JCU_SUBGRAPH_ENISA_URL=x',
    'JCU_READER_BUDGET',
    'x',
    '__proto__=x',
  ])
    expect(() => readGiven({}, [wrong])).toThrow(
      `--set: expected NAME=VALUE with one of ${settable.join(', ')}`,
    );
  expect(settable).toEqual(
    expect.arrayContaining(['JCU_READER_BUDGET', 'JCU_ORGANISATION_BUDGET', 'JCU_LOG']),
  );
});
