import { isDeepStrictEqual } from 'node:util';
import type { Portion } from '../../../schema/record/envelope.ts';
import { combineReading, type Reading } from '../../serve/record/marking.ts';
import type { Collection, MapContext, Mapped } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { type Addition, Additions, resolveGroup } from './stix-additions.ts';
import { readEnvelope } from './stix-envelope.ts';
import { Definitions, joinMarkings, readLabels, type StixMarking } from './stix-marking.ts';
import { isMapped, mapObject, revisionOf } from './stix-objects.ts';
import { fieldsThatDiffer, type Granular, readGranular, withoutParts } from './stix-portions.ts';
import type { StixObject } from './stix-shape.ts';

/** The rules of a source for its bundles. */
export type BundleRules = {
  /** The language of texts that do not state one. */
  readonly lang: string | null;
  /** Throws RejectError for an object that the source does not accept. */
  readonly admit: (object: StixObject) => void;
};

type Content = Readonly<Record<string, unknown>>;
/** The record of an object, with portions for the fields that stricter objects of the bundle add to. */
type Combined = {
  readonly kind: string;
  readonly content: Content;
  readonly names: readonly string[];
  readonly sortAt: Date | null;
  readonly portions: readonly Portion[];
};

/** The maximum number of keys in one record. */
const maxNames = 5000;
/** Fields that lists are filtered by. They cannot have a portion, since a filter would reveal the hidden value. */
const filtered: ReadonlySet<string> = new Set(['attackId', 'stixType']);

/** A bundle. The first pass collects marking definitions and keys of its objects, the second maps the records. */
export class Bundle implements Collection<StixObject> {
  readonly #rules: BundleRules;
  readonly #definitions = new Definitions();
  readonly #additions = new Additions();

  constructor(rules: BundleRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#definitions.size * 300 + this.#additions.size;
  }

  take(object: StixObject, { resolveActor }: MapContext): void {
    if (object.type === 'marking-definition') this.#definitions.take(object);
    else this.#additions.take(object, resolveActor);
  }

  takeClassified(record: unknown): void {
    const { type, id } = (record ?? {}) as Partial<Record<string, unknown>>;
    if (type === 'marking-definition' && typeof id === 'string') this.#definitions.takeClassified(id);
  }

  map(object: StixObject, context: MapContext): readonly Mapped[] {
    if (!isMapped(object)) {
      if (!this.#additions.uses(object)) context.skip?.(typeOf(object));
      return [];
    }
    this.#rules.admit(object);
    const marking = joinMarkings([
      this.#definitions.read(object.object_marking_refs ?? []),
      readLabels(object),
    ]);
    const reading = combineReading(context.defaults, { marking });
    const whole = this.#combine(object, context, reading);
    const quiet = { ...context, warn: () => undefined };
    const granular = readGranular(object, this.#definitions).filter(
      (one) => stricterThan(reading, one.marking) !== null,
    );
    const visible = withoutParts(
      object,
      granular.flatMap(({ selectors }) => selectors),
    );
    const { names, sortAt } = granular.length === 0 ? whole : this.#combine(visible, quiet, reading);
    const portions = joinPortions(reading, [
      ...whole.portions,
      ...granular.flatMap((one) => this.#portionsOf(object, one, whole.content, quiet, reading)),
    ]);
    checkPortions(portions, names);
    const says = { ...readEnvelope(visible, whole.content, context), marking, portions };
    const revision = revisionOf(object);
    return [
      {
        kind: whole.kind,
        localId: object.id.toLowerCase(),
        content: whole.content,
        sortAt,
        says,
        names,
        ...(revision === null ? {} : { revision }),
      },
    ];
  }

  /** Returns a portion for each field that depends on the marked parts. */
  #portionsOf(
    object: StixObject,
    { marking, selectors }: Granular,
    content: Content,
    context: MapContext,
    reading: Reading,
  ): readonly Portion[] {
    const strict = stricterThan(reading, marking);
    if (strict === null) return [];
    const without = this.#combine(withoutParts(object, selectors), context, reading).content;
    return fieldsThatDiffer(content, without).map((path) => ({ path, ...strict }));
  }

  #combine(object: StixObject, context: MapContext, reading: Reading): Combined {
    const { resolveActor } = context;
    const mapped = mapObject(object, this.#rules.lang, context);
    if (mapped === null)
      throw new RejectError(
        'WRONG_MARKING',
        'granular_markings: a selector of a property that cannot be hidden',
      );
    const all = this.#additions.additionsTo(object);
    checkNames(all.reduce((sum, { keys }) => sum + keys.length, 0));
    const additions = all.flatMap((one) => this.#mark(one, reading));
    const fields = new Map(Object.entries(mapped.content));
    if (object.type === 'intrusion-set') fields.set('actor', resolveGroup(object, resolveActor));
    for (const { field, keys } of additions) fields.set(field, addKeys(field, fields.get(field), keys));
    const own = object.type === 'intrusion-set' ? [fields.get('actor')] : [];
    const names = [
      ...mapped.names,
      ...own,
      ...additions.flatMap(({ keys, hidden }) => (hidden === null ? keys : [])),
    ];
    return {
      kind: mapped.kind,
      content: Object.fromEntries(fields),
      names: [...new Set(names.filter((name) => typeof name === 'string'))],
      sortAt: mapped.sortAt,
      portions: additions.flatMap(({ field, hidden }) =>
        hidden === null ? [] : [{ path: field, ...hidden }],
      ),
    };
  }

  /** Adds the marking of an addition if it is stricter than the record's. Drops an addition with an unknown marking. */
  #mark({ field, keys, marked }: Addition, reading: Reading) {
    try {
      return [{ field, keys, hidden: stricterThan(reading, this.#definitions.read(marked)) }];
    } catch (error) {
      if (error instanceof RejectError) return [];
      throw error;
    }
  }
}

/** Returns the type of an object for the summary. */
function typeOf({ type, relationship_type: relationship }: StixObject): string {
  return type === 'relationship' && relationship ? `relationship ${relationship}` : type;
}

type Strict = Pick<Portion, 'marking' | 'audience'>;

/** Returns the record's reading joined with a further marking. Null if the marking adds no restriction. */
function stricterThan(reading: Reading, marking: StixMarking): Strict | null {
  const { rawTlp: _raw, ...scales } = marking;
  const joined = combineReading(reading, { marking: scales });
  return isDeepStrictEqual(joined, reading) ? null : { marking: joined.marking, audience: joined.audience };
}

/** Returns one portion for each field, with the strictest of its markings. */
function joinPortions(reading: Reading, portions: readonly Portion[]): readonly Portion[] {
  return [...Map.groupBy(portions, ({ path }) => path)].map(([path, ones]) => {
    const joined = ones.reduce<Reading>((one, other) => combineReading(one, other), reading);
    return { path, marking: joined.marking, audience: joined.audience };
  });
}

function checkPortions(portions: readonly Portion[], names: readonly string[]): void {
  if (portions.some(({ path }) => filtered.has(path)))
    throw new RejectError(
      'WRONG_MARKING',
      'granular_markings: a selector of a field that lists are filtered by',
    );
  checkNames(names.length);
}

function checkNames(names: number): void {
  if (names > maxNames) throw new RejectError('TOO_LARGE', `expected at most ${maxNames} keys in one record`);
}

/** Adds keys to a field. The field `actor` takes only the first key. */
function addKeys(field: string, before: unknown, keys: readonly string[]): unknown {
  if (field === 'actor') return before ?? keys[0] ?? null;
  return [...new Set([...(Array.isArray(before) ? (before as readonly string[]) : []), ...keys])];
}
