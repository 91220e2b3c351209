import { expect, test } from '@jest/globals';
import { environmentOf } from '../../gateway/processes.ts';

test('gives each process its own port for metrics, and the checkpoint of the audit log to the first one alone', () => {
  const settings = { processes: 3, metricsPort: 9464 };
  expect([0, 1, 2].map((number) => environmentOf(number, settings))).toEqual([
    { JCU_METRICS_PORT: '9464' },
    { JCU_METRICS_PORT: '9465', JCU_AUDIT_CHECKPOINT_FILE: '' },
    { JCU_METRICS_PORT: '9466', JCU_AUDIT_CHECKPOINT_FILE: '' },
  ]);
  expect(environmentOf(1, { processes: 2, metricsPort: 0 })).toEqual({ JCU_AUDIT_CHECKPOINT_FILE: '' });
  expect(environmentOf(0, { processes: 2, metricsPort: null })).toEqual({});
});
