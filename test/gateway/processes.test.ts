import { expect, test } from '@jest/globals';
import { environmentOf } from '../../gateway/processes.ts';

test('gives all processes one port, each its own port for metrics, and its own checkpoint of the audit log', () => {
  const settings = { port: 4000, metricsPort: 9464, checkpointFile: '/audit/head.json' };
  expect([0, 1, 2].map((number) => environmentOf(number, settings))).toEqual([
    { JCU_PORT: '4000', JCU_METRICS_PORT: '9464' },
    { JCU_PORT: '4000', JCU_METRICS_PORT: '9465', JCU_AUDIT_CHECKPOINT_FILE: '/audit/head.json.1' },
    { JCU_PORT: '4000', JCU_METRICS_PORT: '9466', JCU_AUDIT_CHECKPOINT_FILE: '/audit/head.json.2' },
  ]);
  expect(environmentOf(1, { port: 4000, metricsPort: 0, checkpointFile: null })).toEqual({
    JCU_PORT: '4000',
  });
  expect(environmentOf(1, { port: 4000, metricsPort: null, checkpointFile: null })).toEqual({
    JCU_PORT: '4000',
  });
});
