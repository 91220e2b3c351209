import type { AggregatedResult } from '@jest/reporters';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const realData = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/** Prints one line with the test counts after jest's own summary. */
export class CountsReporter {
  onRunComplete(
    _contexts: unknown,
    { numPassedTests, numFailedTests, numPendingTests, testResults }: AggregatedResult,
  ): void {
    const broken = testResults.filter((file) => file.testExecError !== undefined).length;
    if (!existsSync(realData))
      process.stdout.write(`skipped, for want of ${realData}: what reads the public records\n`);
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    const counts = `${numPassedTests} passed, ${numFailedTests + broken} failed${skipped}\n`;
    process.once('exit', () => process.stdout.write(counts));
  }
}

// jest takes a reporter as a default export only.
// oxlint-disable-next-line import/no-default-export -- jest takes the default export
export default CountsReporter;
