import type { AggregatedResult } from '@jest/reporters';

/** Ends a run with one line that counts its tests, for whoever reads nothing else. */
export class CountsReporter {
  onRunComplete(
    _contexts: unknown,
    { numPassedTests, numFailedTests, numPendingTests, testResults }: AggregatedResult,
  ): void {
    const broken = testResults.filter((file) => file.testExecError !== undefined).length;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stdout.write(`${numPassedTests} passed, ${numFailedTests + broken} failed${skipped}\n`);
  }
}

// jest takes a reporter as a default export only.
// oxlint-disable-next-line import/no-default-export
export default CountsReporter;
