/** One guard: the text that holds it, what is left without it, and the tests that must turn red. */
export type Guard = {
  readonly name: string;
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  readonly project: 'parts' | 'journeys';
  readonly tests: string;
};
