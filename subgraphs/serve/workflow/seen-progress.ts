import type { Known, Progress } from '../../../schema/workflow/engine/progress.ts';
import type { Row } from '../read/row.ts';
import type { StoredProgress } from './progress-store.ts';

type Values = Readonly<Record<string, unknown>>;

/** The progress of a record or a thread without the fields that are hidden from the reader. `facts` are those of the record. */
export function seenOf(
  { content, decision: { hidden } }: Row,
  { progress }: StoredProgress,
  facts: Values = {},
): Known {
  return { progress: withoutFacts(progress, hidden), fields: without({ ...content, ...facts }, hidden) };
}

function withoutFacts(progress: Progress, hidden: ReadonlySet<string>): Progress {
  const { former, facts } = progress;
  return { ...progress, facts: without(facts, hidden), former: former && withoutFacts(former, hidden) };
}

/** Returns the facts or the fields without those that are in a portion of the record that the reader may not see. */
export function without(values: Values, hidden: ReadonlySet<string>): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !hidden.has(name)));
}
