import { type Addressed, type Beyond, maxAddressed } from '../../../../schema/protocol/addressed.ts';
import type { Content } from '../../record/content.ts';
import { invalid, Refused } from '../../changes/refused.ts';
import { listIn } from '../effect.ts';
import type { RecordedCheck } from '../ground.ts';
import { threadsOf } from '../progress-store.ts';

/**
 * Returns the organisations that received the record which is recalled, as the hub states them. The hub makes no statement
 * about a record that does not exist, that the reader may not read, or that another organisation asserts. Throws the same
 * Refused for all of them.
 */
export function receiversOf({ recordId }: Content, addressed: Addressed | null): readonly string[] {
  const path = ['content', 'recordId'];
  if (addressed === null || addressed.record !== recordId)
    throw new Refused('NOT_FOUND', path, 'no such record that your organisation asserts');
  if (addressed.beyond !== undefined) throw new Refused('INVALID', path, reasons[addressed.beyond]);
  if (addressed.organisations.length === 0)
    throw new Refused(
      'INVALID',
      path,
      'no other organisation received this record: nobody has to be informed',
    );
  return addressed.organisations;
}

const reasons: Readonly<Record<Beyond, string>> = {
  organisations: `expected a record that ${maxAddressed} organisations received at most: inform them in another way`,
  entries:
    'the access log is too long to find all organisations that received this record: the operators of its community ' +
    'find them with ownReads(record:), so ask these operators, and inform the organisations in another way',
};

/** The grounds of refusal of the moves of recalls that need the store. */
export const groundsOfRecalls: Readonly<Record<string, RecordedCheck>> = {
  'recall.close': async ({ store, record, input, session }) => {
    const threads = await threadsOf(store, record, session);
    const stateOf = new Map(threads.map(({ organisation, progress }) => [organisation, progress.state]));
    const named = listIn(input['silent']);
    const settled = named.filter((one) => finalStates.has(stateOf.get(one) ?? 'acted'));
    if (settled.length > 0)
      return invalid('silent', `expected recipients that have not acted, got ${settled.join(', ')}`);
    const left = [...stateOf].flatMap(([one, state]) =>
      one !== null && neverAnswered.has(state) && !named.includes(one) ? [one] : [],
    );
    if (left.length === 0) return null;
    return invalid('silent', `expected all recipients that never answered: name ${left.join(', ')} too`);
  },
};

/** The states of recipients that acted or may keep the record, and of those that never answered. */
const finalStates: ReadonlySet<string> = new Set(['acted', 'kept']);
const neverAnswered: ReadonlySet<string> = new Set(['told', 'unreachable']);
