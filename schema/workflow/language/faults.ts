import type { z } from 'zod';

/** A fault in a declaration: where it is, what was found there, and how to mend it. */
export type Fault = {
  readonly file: string;
  /** The path of the member, such as `moves.ask.from`. */
  readonly place: string;
  readonly value: string;
  readonly remedy: string;
};

/** A fault within a known file. */
export type Finding = Omit<Fault, 'file'>;

/** Formats a fault as one line. */
export function formatFault({ file, place, value, remedy }: Fault): string {
  return `${file}: ${place}: got ${value}; ${remedy}`;
}

/** Thrown for invalid declarations. The message lists every fault on its own line. */
export class WorkflowError extends Error {
  override readonly name = 'WorkflowError';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(formatFault).join('\n'));
    this.faults = faults;
  }
}

type Issue = z.core.$ZodIssue;

/** Returns the faults for the issues that the validation of a file found, in plain words. */
export function faultsOfIssues(file: string, whole: unknown, issues: readonly Issue[]): readonly Fault[] {
  return issues.flatMap(innermost).map((issue) => ({
    file,
    place: issue.path.map(String).join('.') || 'the whole file',
    value: show(valueAt(whole, issue.path)),
    remedy: remedyOf(issue),
  }));
}

/** Follows a union to the issues of the alternative that fits best: the one that fails deepest in the file. */
function innermost(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const alternatives = issue.errors.map((inner) =>
    inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] })).flatMap(innermost),
  );
  const deepest = alternatives.toSorted((a, b) => depth(b) - depth(a))[0];
  return deepest === undefined || depth(deepest) <= issue.path.length ? [issue] : deepest;
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map(({ code, path }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));
}

function remedyOf(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `remove the unknown member ${issue.keys.join(', ')}, or correct its name`;
    case 'invalid_value':
      return `write one of: ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `write a value of the type ${issue.expected}`;
    case 'invalid_format':
      return `write a name that matches ${issue.pattern ?? issue.format}`;
    case 'too_small':
      return `write at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'entries'}`;
    case 'too_big':
      return `write at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'entries'}`;
    case 'invalid_key':
      return 'correct the name: lower case letters, digits and hyphens, or camel case for members';
    case 'invalid_union':
      return `write ${issue.errors.flat().flatMap(formOf).join(', or ')}`;
    default:
      return 'write a value of a form that language/language.ts describes';
  }
}

/** The forms that an alternative of a union permits. */
function formOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_type') return [issue.expected === 'array' ? 'a list' : `a ${issue.expected}`];
  return [];
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    whole,
  );
}

/** Shows a value in at most 80 characters. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Returns a finding for each name that is not among the known ones. Lists the known ones if they are few. */
export function findUnknown(
  place: string,
  names: readonly string[],
  known: ReadonlySet<string>,
  expected: string,
): readonly Finding[] {
  const list = known.size <= 20 ? ` (${[...known].join(', ') || 'there are no such names yet'})` : '';
  return names
    .filter((name) => !known.has(name))
    .map((name) => ({ place, value: name, remedy: `name ${expected}${list}` }));
}
