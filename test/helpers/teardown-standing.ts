/** Stops the shared trial of the test run, and removes the home that trials were copied from. */
// jest takes a teardown as a default export only.
// oxlint-disable-next-line import/no-default-export -- jest takes the default export
export default async function teardown(): Promise<void> {
  await globalThis.standingTrial?.stop();
  await globalThis.preparedExercise?.[Symbol.asyncDispose]();
}
