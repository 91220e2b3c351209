import { isEnvelope } from '../../record/check-envelope.ts';
import type { Place } from '../language/coordinates.ts';
import { explain, type Explanation } from './explain.ts';
import type { ReaderAccess, Policy } from '../decide/policy.ts';
import { placeNamed } from './question.ts';

/** One of the decisions that a field hangs on: each must be allowed. */
export type Step = Explanation & { readonly of: 'the record' | 'the group of fields' | 'the portion' };

/** Why a reader may read a field of one record or not: allowed where every step is. */
export type FieldExplanation = {
  readonly coordinate: string;
  readonly allowed: boolean;
  readonly steps: readonly Step[];
};

/**
 * Explains whether a reader may read one field of one record, from its envelope alone: first whether the record is
 * there for this reader at all, then the field's group, then the portion that it lies in. Throws PolicyQuestionError
 * where the field is none of that kind.
 */
export function explainField(
  policy: Policy,
  readerAccess: ReaderAccess,
  kind: string,
  envelope: unknown,
  field: string,
): FieldExplanation {
  const coordinate = `${kind}.${field}`;
  const place = placeNamed(policy, coordinate);
  const { group } = place;
  const steps = [
    step('the record', envelope, 'content'),
    ...(group === 'content' ? [] : [step('the group of fields', envelope, group)]),
    ...portionsAt(envelope, field, place).map((portion) => step('the portion', portion, 'content')),
  ];
  return { coordinate, allowed: steps.every(({ allowed }) => allowed), steps };

  function step(of: Step['of'], marked: unknown, decided: string): Step {
    return { of, ...explain(policy, readerAccess, { action: 'read', kind, group: decided }, marked) };
  }
}

/** The record with the marking and the audience of each portion that the field is. */
function portionsAt(envelope: unknown, field: string, { nature }: Place): readonly unknown[] {
  if (!isEnvelope(envelope) || nature !== 'record') return [];
  return envelope.portions
    .filter(({ path }) => path === field)
    .map(({ marking, audience }) => ({ ...envelope, marking, audience, portions: [] }));
}
