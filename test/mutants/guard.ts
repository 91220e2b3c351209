/** A guard: its source text, the text without it, and the tests that must fail without it. */
export type Guard = {
  readonly name: string;
  readonly file: string;
  readonly from: string | RegExp;
  readonly to: string;
  readonly project: 'parts' | 'journeys';
  readonly tests: string;
};
