import { asPortion } from '../../record/as-portion.ts';
import { isEnvelope } from '../../record/check-envelope.ts';
import type { Place } from '../language/coordinates.ts';
import { explain, type Explanation } from './explain.ts';
import type { ReaderAccess, Policy } from '../decide/policy.ts';
import { findPlace } from './question.ts';

/** One of the decisions that a field depends on. The field is readable if each is allowed. */
export type Step = Explanation & { readonly of: 'the record' | 'the group of fields' | 'the portion' };

/** Why a reader may or may not read a field of one record. */
export type FieldExplanation = {
  readonly coordinate: string;
  readonly allowed: boolean;
  readonly steps: readonly Step[];
};

/**
 * Explains whether a reader may read one field of one record. Reads only the envelope. The steps are: the record itself,
 * the group of the field, and the portion that contains the field. Throws PolicyQuestionError if the kind has no such
 * field.
 */
export function explainField(
  policy: Policy,
  readerAccess: ReaderAccess,
  kind: string,
  envelope: unknown,
  field: string,
): FieldExplanation {
  const coordinate = `${kind}.${field}`;
  const place = findPlace(policy, coordinate);
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

/** Returns, for each portion at this field, the envelope with the marking and the audience of the portion. */
function portionsAt(envelope: unknown, field: string, { nature }: Place): readonly unknown[] {
  if (!isEnvelope(envelope) || nature !== 'record') return [];
  return envelope.portions
    .filter(({ path }) => path === field)
    .map((portion) => ({ ...asPortion(envelope, portion), portions: [] }));
}
