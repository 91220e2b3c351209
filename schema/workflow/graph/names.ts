import type { Workflow } from '../language/load.ts';

/** Returns the name of a value in an enumeration of the graph: `LED_TO_ACTION` for `led-to-action`. */
export function enumValue(slug: string): string {
  return slug.replaceAll('-', '_').toUpperCase();
}

/** Returns the word of a declaration for a value of an enumeration. */
export function slugOf(value: string): string {
  return value.replaceAll('_', '-').toLowerCase();
}

/** Returns the name of the type that shows where something stands: `DeconflictionHoldThread` or `InformationRequestProgress`. */
export function standingType({ kind, subject }: Pick<Workflow, 'kind' | 'subject'>): string {
  return `${kind}${subject === 'record' ? 'Progress' : 'Thread'}`;
}

/** Returns the name of the enumeration of a choice: of a fact, or of an input that is no fact. */
export function choiceType(workflow: Workflow, name: string, move = ''): string {
  const isFact = Object.hasOwn(workflow.facts, name);
  return isFact
    ? `${standingType(workflow)}${capital(name)}`
    : `${capital(move)}${workflow.kind}${capital(name)}`;
}

/** Returns the name of the input of a move, such as `AgreeDeconflictionHoldInput`. */
export function inputType(kind: string, move: string): string {
  return `${capital(move)}${kind}Input`;
}

/** Returns a name with a capital first letter. */
export function capital(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
