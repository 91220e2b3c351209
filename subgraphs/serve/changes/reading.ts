import type { Audience, Envelope, Marking, Portion } from '../../../schema/record/envelope.ts';
import { organisationIn } from '../../../schema/record/shared-types.ts';
import { type Purpose, purposes } from '../../../schema/record/vocabulary.ts';
import { combineReading, markingOf, maxNames, noAudience } from '../record/marking.ts';
import { Refused } from './refused.ts';

/** `ReadingInput` of the contract, as graphql-js coerced it. */
export type ReadingInput = {
  readonly marking: MarkingInput;
  readonly audience?: AudienceInput | null;
  readonly purposes?: readonly string[] | null;
  readonly embargoUntil?: Date | null;
  readonly portions?:
    | readonly {
        readonly path: string;
        readonly marking: MarkingInput;
        readonly audience?: AudienceInput | null;
      }[]
    | null;
};
type Given<Value> = { readonly [Name in keyof Value]?: Value[Name] | null };
type MarkingInput = Given<Marking> & Pick<Marking, 'tlp'>;
type AudienceInput = Given<Audience>;

/** The part of an envelope that decides who may read the record. */
export type Reading = Pick<Envelope, 'marking' | 'audience' | 'purposes' | 'embargoUntil' | 'portions'>;

/** Returns the reading that an input describes. `fields` are the names that a portion may have. Throws Refused. */
export function readingOf(input: ReadingInput, fields: ReadonlySet<string>): Reading {
  const reading: Reading = {
    marking: toMarking(input.marking),
    audience: toAudience(input.audience, ['reading', 'audience']),
    // Each name is multiplied by the purposes, so a repeated one must not count.
    purposes: [...new Set((input.purposes ?? purposes).map(toPurpose))],
    embargoUntil: input.embargoUntil ?? null,
    portions: bounded(input.portions ?? [], ['reading', 'portions']).map((portion, at) =>
      toPortion(portion, at, fields),
    ),
  };
  for (const [at, portion] of reading.portions.entries())
    // A reader must be admitted to the record before a portion can admit it, so names of a portion open nothing more.
    if (isWider(reading, { ...reading, ...withoutPath(portion) }, true))
      throw new Refused(
        'INVALID',
        ['reading', 'portions', String(at)],
        'expected a portion that is at least as strict as the record',
      );
  return reading;
}

/**
 * Returns whether `after` opens a record further than `before` on any scale, without their portions. A new name in
 * the audience counts as wider, whatever the colours are, because named readers pass an embargo and read drafts. It
 * does not if everybody may read the record (`isOpen`). On the other scales, `after` is not wider if joining both
 * gives `after`.
 */
export function isWider(before: Narrowed, after: Narrowed, isOpen: boolean): boolean {
  if (
    !isOpen &&
    lists.some((list) => after.audience[list].some((one) => !before.audience[list].includes(one)))
  )
    return true;
  const joined = combineReading(before, after);
  if (
    !isSame(joined.marking, {
      ...after.marking,
      rawTlp: joined.marking.rawTlp,
      h3Text: joined.marking.h3Text,
    })
  )
    return true;
  if (!isSame(joined.audience, after.audience) || !isSame(joined.purposes, after.purposes)) return true;
  return instant(before.embargoUntil) > instant(after.embargoUntil);
}

/** Returns the portions of `before` that `after` drops or opens further. */
export function loosened(before: Reading, after: Reading): readonly Portion[] {
  // Several portions of one path all apply, so one that is as strict as before is enough.
  return before.portions.filter(
    (portion) =>
      !after.portions.some(
        (later) =>
          later.path === portion.path &&
          !isWider(ofPortion(before, portion), { ...ofPortion(after, later), embargoUntil: null }, false),
      ),
  );
}

type Narrowed = Omit<Reading, 'portions' | 'embargoUntil'> & Partial<Pick<Reading, 'embargoUntil'>>;

const lists = ['organisations', 'sharingGroups', 'persons', 'agreements'] as const;

function instant(one: Date | null | undefined): number {
  return one?.getTime() ?? 0;
}

function ofPortion(record: Narrowed, { marking, audience }: Portion): Narrowed {
  return { marking, audience, purposes: record.purposes };
}

function withoutPath({ marking, audience }: Portion): Pick<Reading, 'marking' | 'audience'> {
  return { marking, audience };
}

/** Returns whether two objects are equal, if the order of names and list items is ignored. */
export function isSame(one: object, other: object): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: object): unknown {
  if (Array.isArray(value)) return [...value].map(String).toSorted();
  return Object.entries(value)
    .map(([name, inner]) => [name, Array.isArray(inner) ? sorted(inner) : inner])
    .toSorted(([name], [otherName]) => String(name).localeCompare(String(otherName)));
}

function toMarking(input: MarkingInput): Marking {
  return { ...markingOf(input.tlp), ...(present(input) as Partial<Marking>) };
}

function toAudience(input: AudienceInput | null | undefined, path: readonly string[]): Audience {
  for (const list of lists) bounded(input?.[list] ?? [], [...path, list]);
  const { organisations = [], ...rest } = present(input ?? {}) as Partial<Audience>;
  return { ...noAudience, ...rest, organisations: organisations.map(toOrganisation) };
}

/** Returns a list. Throws Refused if it is longer than an import may give it. */
function bounded<Item>(list: readonly Item[], path: readonly string[]): readonly Item[] {
  if (list.length <= maxNames) return list;
  throw new Refused('INVALID', path, `expected at most ${maxNames} items, got ${list.length}`);
}

function toOrganisation(text: string): string {
  const organisation = organisationIn(text);
  if (organisation === null)
    throw new Refused(
      'INVALID',
      ['reading', 'audience', 'organisations'],
      'expected a key of Organisation, such as Organisation:cert-eu',
    );
  return organisation;
}

function toPurpose(text: string): Purpose {
  const purpose = purposes.find((one) => one === text);
  if (purpose === undefined)
    throw new Refused('INVALID', ['reading', 'purposes'], `expected some of ${purposes.join(', ')}`);
  return purpose;
}

function toPortion(
  { path, marking, audience }: NonNullable<ReadingInput['portions']>[number],
  at: number,
  fields: ReadonlySet<string>,
): Portion {
  if (!fields.has(path))
    throw new Refused('INVALID', ['reading', 'portions'], 'expected paths of fields of this kind of record');
  const given = ['reading', 'portions', String(at), 'audience'];
  return { path, marking: toMarking(marking), audience: toAudience(audience, given) };
}

function present<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined),
  ) as Partial<Value>;
}
