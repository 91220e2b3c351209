import type { Policy, ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import { type Content, isOfState } from '../record/content.ts';
import type { Reading } from './reading.ts';
import { Refused } from './refused.ts';

/** The reader who changes a record, under a policy. */
type By = { readonly policy: Policy; readonly readerAccess: ReaderAccess };

/** Returns a new content with the old values of the fields that the reader may not see, whatever was given for them. */
export function keepHidden(
  { policy, readerAccess }: By,
  kind: Kind,
  before: StoredRecord,
  given: Content,
): Content {
  const old = before.content as Content;
  const hidden = hiddenIn({ policy, readerAccess }, kind, before, Object.keys(old));
  const kept = { ...given, ...Object.fromEntries([...hidden].map((name) => [name, old[name]])) };
  return keepOtherStates(readerAccess, kind, old, kept);
}

/** Returns those of some fields of a record that the reader may not see. */
export function hiddenIn(
  { policy, readerAccess }: By,
  kind: Kind,
  { envelope }: StoredRecord,
  names: Iterable<string>,
): ReadonlySet<string> {
  const decision = policy.decideRow(envelope, kind.type, readerAccess);
  return new Set(
    [...names].filter((name) => {
      const group = policy.coordinates.placeOf(kind.type, name)?.group ?? 'content';
      if (decision === null || decision.hidden.has(name)) return true;
      return group !== 'content' && !decision.groups.has(group);
    }),
  );
}

/** Returns a new reading with the portions that the reader may not see, whatever was given for their fields. */
export function keepHiddenPortions(
  { policy, readerAccess }: By,
  kind: Kind,
  old: Envelope,
  reading: Reading,
): Reading {
  const hidden = policy.decideRow(old, kind.type, readerAccess)?.hidden ?? new Set();
  const kept = old.portions.filter(({ path }) => hidden.has(path));
  return { ...reading, portions: [...kept, ...reading.portions] };
}

/** Keeps the items of other Member States, which the reader does not see. Refuses items that were given for them. */
function keepOtherStates(
  { reader }: ReaderAccess,
  { itemsOfState: items }: Kind,
  old: Content,
  content: Content,
): Content {
  if (items === undefined || content[items.field] === old[items.field]) return content;
  const isOwn = (item: object) => isOfState(item, items.state, reader.memberState);
  const given = itemsIn(content, items.field);
  if (!given.every(isOwn))
    throw new Refused(
      'NOT_ALLOWED',
      ['content', items.field],
      'expected items of your own Member State only',
    );
  const others = itemsIn(old, items.field).filter((item) => !isOwn(item));
  return { ...content, [items.field]: [...others, ...given] };
}

/** Returns the items of a list in the content; none if there is no list. */
export function itemsIn(content: Content, field: string): readonly Readonly<Record<string, unknown>>[] {
  const items = content[field];
  return Array.isArray(items) ? (items as readonly Readonly<Record<string, unknown>>[]) : [];
}
