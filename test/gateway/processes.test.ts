import { expect, test } from '@jest/globals';
import { environmentOf } from '../../gateway/processes.ts';

test('gives each process its own port for metrics, and its own checkpoint of the audit log', () => {
  const settings = { processes: 3, metricsPort: 9464, checkpointFile: '/audit/head.json' };
  expect([0, 1, 2].map((number) => environmentOf(number, settings))).toEqual([
    { JCU_METRICS_PORT: '9464' },
    { JCU_METRICS_PORT: '9465', JCU_AUDIT_CHECKPOINT_FILE: '/audit/head.json.1' },
    { JCU_METRICS_PORT: '9466', JCU_AUDIT_CHECKPOINT_FILE: '/audit/head.json.2' },
  ]);
  expect(environmentOf(1, { processes: 2, metricsPort: 0, checkpointFile: null })).toEqual({});
  expect(environmentOf(1, { processes: 2, metricsPort: null, checkpointFile: null })).toEqual({});
});
