import { isDeepStrictEqual } from 'node:util';
import type { Portion } from '../../../schema/record/envelope.ts';
import { combineReading, type Reading } from '../../serve/record/marking.ts';
import type { Collection, MapContext, Mapped } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { resolveGroup, type Said, Standing } from './stix-standing.ts';
import { saysOf } from './stix-envelope.ts';
import { Definitions, type StixMarking } from './stix-marking.ts';
import { drawObject, hasPlace } from './stix-objects.ts';
import { fieldsThatDiffer, type Granular, readGranular, withoutParts } from './stix-portions.ts';
import type { StixObject } from './stix-shape.ts';

/** What is asked of each object that becomes a record, and the language of texts that say none. */
export type BundleRules = {
  readonly lang: string | null;
  /** Throws RejectError for an object that is not for this source. */
  readonly admit: (object: StixObject) => void;
};

type Content = Readonly<Record<string, unknown>>;
/** A record as those see it who may see all of its object, with what is hidden from others since it is another's. */
type Whole = {
  readonly kind: string;
  readonly content: Content;
  readonly names: readonly string[];
  readonly sortAt: Date | null;
  readonly portions: readonly Portion[];
};

/** More keys than these in one record name nothing that a reader could look through. */
const maxNames = 5000;
/** Fields that lists are filtered by: a filter would find what a portion hides. */
const filtered: ReadonlySet<string> = new Set(['attackId', 'stixType']);

/** A bundle: its marking definitions and what its objects stand for, from a first pass; records in the second. */
export class Bundle implements Collection<StixObject> {
  readonly #rules: BundleRules;
  readonly #definitions = new Definitions();
  readonly #standing = new Standing();

  constructor(rules: BundleRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#definitions.size * 300 + this.#standing.size;
  }

  take(object: StixObject, { resolveActor }: MapContext): void {
    if (object.type === 'marking-definition') this.#definitions.take(object);
    else this.#standing.take(object, resolveActor);
  }

  takeClassified(record: unknown): void {
    const { type, id } = (record ?? {}) as Partial<Record<string, unknown>>;
    if (type === 'marking-definition' && typeof id === 'string') this.#definitions.takeClassified(id);
  }

  map(object: StixObject, context: MapContext): readonly Mapped[] {
    if (!hasPlace(object)) return [];
    this.#rules.admit(object);
    const marking = this.#definitions.read(object.object_marking_refs ?? []);
    const reading = combineReading(context.defaults, { marking });
    const whole = this.#draw(object, context, reading);
    const granular = readGranular(object, this.#definitions).filter(
      (one) => stricterThan(reading, one.marking) !== null,
    );
    const visible = withoutParts(
      object,
      granular.flatMap(({ selectors }) => selectors),
    );
    const { names, sortAt } = granular.length === 0 ? whole : this.#draw(visible, context, reading);
    const portions = joinPortions(reading, [
      ...whole.portions,
      ...granular.flatMap((one) => this.#portionsOf(object, one, whole.content, context, reading)),
    ]);
    refuseUnkept(portions, names);
    const says = { ...saysOf(visible, whole.content), marking, portions };
    return [
      { kind: whole.kind, localId: object.id.toLowerCase(), content: whole.content, sortAt, says, names },
    ];
  }

  /** The fields that take their values from the parts that are marked. */
  #portionsOf(
    object: StixObject,
    { marking, selectors }: Granular,
    content: Content,
    context: MapContext,
    reading: Reading,
  ): readonly Portion[] {
    const strict = stricterThan(reading, marking);
    if (strict === null) return [];
    const without = this.#draw(withoutParts(object, selectors), context, reading).content;
    return fieldsThatDiffer(content, without).map((path) => ({ path, ...strict }));
  }

  #draw(object: StixObject, { resolveActor }: MapContext, reading: Reading): Whole {
    const drawn = drawObject(object, this.#rules.lang);
    if (drawn === null)
      throw new RejectError('WRONG_MARKING', 'a selector of what the record cannot be without');
    const all = this.#standing.sayOf(object);
    refuseTooMany(all.reduce((sum, { keys }) => sum + keys.length, 0));
    const said = all.flatMap((one) => this.#weigh(one, reading));
    const fields = new Map(Object.entries(drawn.content));
    if (object.type === 'intrusion-set') fields.set('actor', resolveGroup(object, resolveActor));
    for (const { field, keys } of said) fields.set(field, addKeys(field, fields.get(field), keys));
    const own = object.type === 'intrusion-set' ? [fields.get('actor')] : [];
    const names = [
      ...drawn.names,
      ...own,
      ...said.flatMap(({ keys, hidden }) => (hidden === null ? keys : [])),
    ];
    return {
      kind: drawn.kind,
      content: Object.fromEntries(fields),
      names: [...new Set(names.filter((name) => typeof name === 'string'))],
      sortAt: drawn.sortAt,
      portions: said.flatMap(({ field, hidden }) => (hidden === null ? [] : [{ path: field, ...hidden }])),
    };
  }

  /** What another object says here, with its own marking where it is the stricter one; nothing where that is not known. */
  #weigh({ field, keys, marked }: Said, reading: Reading) {
    try {
      return [{ field, keys, hidden: stricterThan(reading, this.#definitions.read(marked)) }];
    } catch (error) {
      if (error instanceof RejectError) return [];
      throw error;
    }
  }
}

type Strict = Pick<Portion, 'marking' | 'audience'>;

/** The reading that a record's own and a further marking come to; null where the further one adds nothing. */
function stricterThan(reading: Reading, marking: StixMarking): Strict | null {
  const { rawTlp: _raw, ...scales } = marking;
  const joined = combineReading(reading, { marking: scales });
  return isDeepStrictEqual(joined, reading) ? null : { marking: joined.marking, audience: joined.audience };
}

/** One portion for each field: the strictest of what marks it. */
function joinPortions(reading: Reading, portions: readonly Portion[]): readonly Portion[] {
  return [...Map.groupBy(portions, ({ path }) => path)].map(([path, ones]) => {
    const joined = ones.reduce<Reading>((one, other) => combineReading(one, other), reading);
    return { path, marking: joined.marking, audience: joined.audience };
  });
}

function refuseUnkept(portions: readonly Portion[], names: readonly string[]): void {
  if (portions.some(({ path }) => filtered.has(path)))
    throw new RejectError('WRONG_MARKING', 'a selector of what records are found by');
  refuseTooMany(names.length);
}

function refuseTooMany(names: number): void {
  if (names > maxNames)
    throw new RejectError('TOO_LARGE', `a record that names more than ${maxNames} others`);
}

/** A field for one key takes the first. */
function addKeys(field: string, before: unknown, keys: readonly string[]): unknown {
  if (field === 'actor') return before ?? keys[0] ?? null;
  return [...new Set([...(Array.isArray(before) ? (before as readonly string[]) : []), ...keys])];
}
