import type { Audience, Envelope, Marking, Portion } from '../../../schema/record/envelope.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import { type Purpose, purposes } from '../../../schema/record/vocabulary.ts';
import { combineReading, markingOf, noAudience } from '../record/marking.ts';
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

/** How a record may be read: the part of its envelope that its marking decides. */
export type Reading = Pick<Envelope, 'marking' | 'audience' | 'purposes' | 'embargoUntil' | 'portions'>;

/** The reading that an input says. Throws Refused for what makes no sense; `fields` are those that a portion may be. */
export function readingOf(input: ReadingInput, fields: ReadonlySet<string>): Reading {
  const reading: Reading = {
    marking: toMarking(input.marking),
    audience: toAudience(input.audience),
    purposes: (input.purposes ?? purposes).map(toPurpose),
    embargoUntil: input.embargoUntil ?? null,
    portions: (input.portions ?? []).map((portion) => toPortion(portion, fields)),
  };
  for (const [at, portion] of reading.portions.entries())
    // Whom a portion names must be admitted to the record first: names of its own open nothing.
    if (isWider(reading, { ...reading, ...withoutPath(portion) }, true))
      throw new Refused(
        'INVALID',
        ['reading', 'portions', String(at)],
        'a portion is never wider than its record',
      );
  return reading;
}

/**
 * Whether a reading opens a record further than another in any of its scales, its portions apart. Somebody newly named
 * is let in, whatever the colours say, unless the record is open to all (`isOpen`): a community's name is no list of
 * its members, and an embargo or a draft is passed by whom it names. For the rest it is never wider exactly where both
 * joined, scale by scale, come to the later one.
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

/** The portions of a reading that another drops, or opens further. */
export function loosened(before: Reading, after: Reading): readonly Portion[] {
  // Portions of one path stand beside each other: it is enough that one of them is as strict as the one before.
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

/** Whether two say the same; sets are compared as sets, whatever the order that they were written in. */
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

function toAudience(input: AudienceInput | null | undefined): Audience {
  const { organisations = [], ...rest } = present(input ?? {}) as Partial<Audience>;
  return { ...noAudience, ...rest, organisations: organisations.map(toOrganisation) };
}

function toOrganisation(text: string): string {
  const key = sharedKey('Organisation', text);
  if (key === null)
    throw new Refused('INVALID', ['reading', 'audience', 'organisations'], 'expected a key of Organisation');
  return key.slice('Organisation:'.length);
}

function toPurpose(text: string): Purpose {
  const purpose = purposes.find((one) => one === text);
  if (purpose === undefined)
    throw new Refused('INVALID', ['reading', 'purposes'], `expected some of ${purposes.join(', ')}`);
  return purpose;
}

function toPortion(
  { path, marking, audience }: NonNullable<ReadingInput['portions']>[number],
  fields: ReadonlySet<string>,
): Portion {
  if (!fields.has(path))
    throw new Refused('INVALID', ['reading', 'portions'], 'a path that is no field of this record');
  return { path, marking: toMarking(marking), audience: toAudience(audience) };
}

function present<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined),
  ) as Partial<Value>;
}
