import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import type { Content } from './content.ts';
import { checkMigrations } from './migration-check.ts';
import type { SearchFields } from '../search/search-fields.ts';
import { makeFields, type Migration } from './migration.ts';
import { portionsToStore, portionsToRead } from './portions.ts';

/** The oldest schema version that a store still supports, by kind; 1 for a kind that is missing. */
export type Oldest = Readonly<Record<string, number>>;

/** A value that lists filter by: its path in the content, and what hides it. */
export type FilterValue = {
  /** The path below `content`, and below `filters`. */
  readonly path: string;
  /** The argument of the filter, which has the name of the field that it compares. */
  readonly name: string;
  /** The path under which the oldest version stored the same value: terms contain it, so a renamed field keeps them. */
  readonly root: string;
  /** Portions with one of these paths hide the value. */
  readonly hiding: ReadonlySet<string>;
};

/** The parts of a document that depend on its schema version. */
export type Form = Pick<StoredRecord, 'content' | 'schemaVersion' | 'readableFrom'>;

/** The schema version of a document, and the oldest version that can read it. Null if a stored value is invalid. */
export function versionsOf(
  record: Readonly<Partial<Record<'schemaVersion' | 'readableFrom', unknown>>>,
): { readonly of: number; readonly from: number } | null {
  const of = record.schemaVersion ?? 1;
  const from = record.readableFrom ?? of;
  return isVersion(of) && isVersion(from) ? { of, from } : null;
}

/**
 * The schema versions of one kind's documents. Migrates older documents in memory when they are read, writes documents
 * that older programs can still read, and reads a newer document only if its `readableFrom` allows it. The constructor
 * throws if the kind's migrations are invalid.
 */
export class SchemaVersions {
  readonly type: string;
  /** The version that this program writes: the number of migrations plus 1. */
  readonly current: number;
  readonly migrations: readonly Migration[];
  /** The field of content that lists are sorted by, if there is one. */
  readonly sortBy: string | undefined;
  /** Whether a workflow changes the state of records by moves. */
  readonly hasMoves: boolean;
  readonly hasLaterMoves: boolean;
  readonly guarded: readonly string[];
  /** The fields whose words a search compares; null if no search finds records of the kind. */
  readonly search: SearchFields | null;
  /** The values that lists of any version filter by. Each needs an index. */
  readonly filterValues: readonly FilterValue[];
  readonly #filters: Readonly<Record<string, string>>;
  readonly #retired: readonly string[];
  readonly #alarm: (message: string) => void;

  constructor(kind: Kind, alarm: (message: string) => void = () => undefined) {
    checkMigrations(kind);
    this.type = kind.type;
    this.migrations = kind.migrations ?? [];
    this.current = this.migrations.length + 1;
    this.sortBy = kind.sortBy;
    this.hasMoves = kind.hasMoves ?? false;
    this.hasLaterMoves = kind.hasLaterMoves ?? false;
    this.guarded = kind.guarded ?? [];
    this.search = kind.search ?? null;
    this.#filters = kind.filters;
    this.#retired = this.migrations.flatMap(({ retires = {} }) => Object.keys(retires));
    this.filterValues = this.#findFilterValues();
    this.#alarm = alarm;
  }

  /**
   * Returns a stored record in the current version, with portions for the fields that migrations add. Returns null and
   * raises an alarm if the document is too new for this program or a migration throws: the record is then skipped.
   */
  read(record: StoredRecord): StoredRecord | null {
    const versions = versionsOf(record);
    if (versions === null || (versions.of > this.current && versions.from > this.current)) {
      this.#alarm(
        `skipped a document of ${this.type}: its schema version is ${String(record.schemaVersion)}, and this program (version ${this.current}) cannot read it`,
      );
      return null;
    }
    if (this.migrations.length === 0) return record;
    try {
      const content = this.#upgrade(record.content as Content, versions.of);
      const schemaVersion = Math.max(versions.of, this.current);
      const portions = portionsToRead(record.envelope.portions, this.migrations);
      return {
        ...record,
        schemaVersion,
        readableFrom: versions.from,
        envelope: { ...record.envelope, portions },
        content: this.#withoutRetired(content),
      };
    } catch (error) {
      const name = error instanceof Error ? error.name : 'an error';
      this.#alarm(`skipped a document of ${this.type}: a migration failed (${name})`);
      return null;
    }
  }

  /**
   * Returns the stored form of a content of the current version, with the fields that the versions from `oldest` on read.
   * `newer` is given if the document is of a newer version and its content is written back unchanged.
   */
  write(content: Content, oldest: Oldest, newer?: Pick<Form, 'schemaVersion' | 'readableFrom'>): Form {
    const from = Math.min(oldest[this.type] ?? 1, this.current);
    const back = this.migrations.slice(from - 1).toReversed();
    const whole = back.reduce<Content>(
      (made, { retires = {} }) => ({ ...made, ...makeFields(retires, made) }),
      this.#withoutRetired(content),
    );
    const schemaVersion = Math.max(newer?.schemaVersion ?? 1, this.current);
    const isNewer = newer !== undefined && schemaVersion > this.current;
    const readableFrom = isNewer ? Math.max(newer.readableFrom ?? schemaVersion, from) : from;
    return { content: whole, schemaVersion, ...(readableFrom < schemaVersion ? { readableFrom } : {}) };
  }

  /** The fields that the migrations from a version on add to a content. Throws if a migration throws. */
  added(content: Content, version: number): Content {
    const upgraded = this.#upgrade(content, version);
    const present = this.addedBy(version).filter((name) => Object.hasOwn(upgraded, name));
    return Object.fromEntries(present.map((name) => [name, upgraded[name]]));
  }

  /** The names of the fields that the migrations from a version on add. */
  addedBy(version: number): readonly string[] {
    return this.migrations.slice(version - 1).flatMap(({ adds }) => Object.keys(adds));
  }

  /** The portions to store for the portions that an importer or a person sets. */
  readonly portionsToStore = (portions: StoredRecord['envelope']['portions']) =>
    portionsToStore(portions, this.migrations);

  /**
   * The path that a filter compares: a field that every document of the store has. Null if there is no such field until
   * the store is contracted.
   */
  filterPath(name: string, oldest: Oldest): string | null {
    const path = Object.hasOwn(this.#filters, name) ? this.#filters[name] : undefined;
    return path === undefined ? null : this.#olderPath(path, oldest[this.type] ?? 1);
  }

  /** The path that terms contain for a filter (`FilterValue.root`). */
  filterRoot(name: string): string {
    return this.filterValues.find((value) => value.name === name)?.root ?? name;
  }

  /** Every path of content that a filter of this kind may compare. */
  filterPaths(): readonly string[] {
    return [...new Set(this.filterValues.map(({ path }) => `content.${path}`))];
  }

  /** The fields of content that only older versions use. */
  retired(): readonly string[] {
    return this.#retired;
  }

  /** Whether the store contains documents of the current version only, so that the index can count them. */
  isSettled(oldest: Oldest): boolean {
    return (oldest[this.type] ?? 1) === this.current;
  }

  #findFilterValues(): readonly FilterValue[] {
    const versions = Array.from({ length: this.current }, (_, at) => at + 1);
    const values = Object.entries(this.#filters).flatMap(([name, path]) =>
      versions.flatMap((version): FilterValue[] => {
        const older = this.#olderPath(path, version);
        if (older === null) return [];
        const root = belowContent(versions.map((one) => this.#olderPath(path, one)).find(isPath) ?? path);
        const hiding = new Set([name, topOf(path), topOf(older)]);
        return [{ path: belowContent(older), name, root, hiding }];
      }),
    );
    return [...new Map(values.map((value) => [`${value.name} ${value.path}`, value])).values()];
  }

  #olderPath(path: string, oldest: number): string | null {
    const [, field = '', rest = ''] = /^content\.([^.]+)(.*)$/.exec(path) ?? [];
    let name = field;
    for (const { adds } of this.migrations.slice(oldest - 1).toReversed()) {
      const making = Object.hasOwn(adds, name) ? adds[name] : undefined;
      if (making === undefined) continue;
      if (making.copies === undefined) return null;
      name = making.copies;
    }
    return name === field ? path : `content.${name}${rest}`;
  }

  #upgrade(content: Content, version: number): Content {
    const names = this.addedBy(version);
    // A program of an older version may have changed the document since: derived fields in it are outdated.
    const own = names.length === 0 ? content : without(content, names);
    return this.migrations
      .slice(version - 1)
      .reduce<Content>((made, { adds }) => ({ ...made, ...makeFields(adds, made) }), own);
  }

  #withoutRetired(content: Content): Content {
    return this.#retired.some((name) => Object.hasOwn(content, name))
      ? without(content, this.#retired)
      : content;
  }
}

function isPath(path: string | null): path is string {
  return path !== null;
}

function belowContent(path: string): string {
  return path.slice('content.'.length);
}

function topOf(path: string): string {
  return belowContent(path).split('.', 1)[0] ?? '';
}

function without(content: Content, names: readonly string[]): Content {
  return Object.fromEntries(Object.entries(content).filter(([name]) => !names.includes(name)));
}

function isVersion(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}
