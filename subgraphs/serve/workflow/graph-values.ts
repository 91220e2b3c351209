import { enumValue, slugOf } from '../../../schema/workflow/graph/names.ts';
import type { ValueFile } from '../../../schema/workflow/language/language.ts';
import type { Workflow } from '../../../schema/workflow/language/load.ts';

type Values = Readonly<Record<string, unknown>>;

/** Returns the values of a move as the declaration writes them: choices by their words instead of by enumerations. */
export function fromGraph(of: Workflow, move: string, values: Values): Values {
  return mapChoices(of.moves[move]?.input ?? {}, values, slugOf);
}

/** Returns the facts of a workflow as the graph shows them. */
export function toGraph(of: Pick<Workflow, 'facts'>, facts: Values): Values {
  return mapChoices(of.facts, facts, enumValue);
}

function mapChoices(
  declared: Readonly<Record<string, ValueFile>>,
  values: Values,
  map: (value: string) => string,
): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      declared[name]?.type === 'choice' && typeof value === 'string' ? map(value) : value,
    ]),
  );
}
