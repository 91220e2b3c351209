import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { Kind } from '../kind.ts';
import type { Content } from './content.ts';
import { checkMigrations } from './migration-check.ts';
import { makeFields, type Migration } from './migration.ts';
import { portionsToKeep, portionsToRead } from './portions.ts';

/** The oldest version of each kind that a store is held to, by the kind's name; 1 where nothing is said. */
export type Oldest = Readonly<Record<string, number>>;

/** What a document holds besides its envelope, in the form of one version. */
export type Form = Pick<StoredRecord, 'content' | 'schemaVersion' | 'readableFrom'>;

/** The version that a document is of, and the oldest that can read it. Null where what is stored is neither. */
export function versionsOf(
  record: Readonly<Partial<Record<'schemaVersion' | 'readableFrom', unknown>>>,
): { readonly of: number; readonly from: number } | null {
  const of = record.schemaVersion ?? 1;
  const from = record.readableFrom ?? of;
  return isVersion(of) && isVersion(from) ? { of, from } : null;
}

/**
 * The versions of one kind's documents, as this program knows them: it reads what is older by migrating it in memory,
 * writes so that what is older can still read it, and reads what is newer only where the document itself says that it
 * may. Throws at start where the kind's migrations make no sense.
 */
export class SchemaVersions {
  readonly type: string;
  /** The version that is written: one more than there are migrations. */
  readonly current: number;
  readonly migrations: readonly Migration[];
  readonly #filters: Readonly<Record<string, string>>;
  readonly #retired: readonly string[];
  readonly #alarm: (words: string) => void;

  constructor(kind: Kind, alarm: (words: string) => void = () => undefined) {
    checkMigrations(kind);
    this.type = kind.type;
    this.migrations = kind.migrations ?? [];
    this.current = this.migrations.length + 1;
    this.#filters = kind.filters;
    this.#retired = this.migrations.flatMap(({ retires = {} }) => Object.keys(retires));
    this.#alarm = alarm;
  }

  /**
   * A stored record as of the current version, whatever version it is of: its content migrated, its portions those of
   * the new fields, too. Null, with an alarm, where it is newer than this program and not readable for it, or where a
   * migration fails on it: it is as if it were not there.
   */
  read(record: StoredRecord): StoredRecord | null {
    const versions = versionsOf(record);
    if (versions === null || (versions.of > this.current && versions.from > this.current)) {
      this.#alarm(
        `a document of ${this.type} is of version ${String(record.schemaVersion)}, which this program (version ${this.current}) cannot read: it is left out`,
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
      this.#alarm(`a document of ${this.type} cannot be migrated (${name}): it is left out`);
      return null;
    }
  }

  /**
   * What is stored of a content of the current version: with the fields that older versions read, as far as the store
   * has not shed them. `newer` is the form of a newer document whose content is written back as it was.
   */
  write(content: Content, shed: Oldest, newer?: Pick<Form, 'schemaVersion' | 'readableFrom'>): Form {
    const from = Math.min(shed[this.type] ?? 1, this.current);
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

  /** The fields that the migrations from a version on add to a content. Throws what they throw. */
  added(content: Content, version: number): Content {
    const upgraded = this.#upgrade(content, version);
    const present = this.addedBy(version).filter((name) => Object.hasOwn(upgraded, name));
    return Object.fromEntries(present.map((name) => [name, upgraded[name]]));
  }

  /** The names of the fields that the migrations from a version on add. */
  addedBy(version: number): readonly string[] {
    return this.migrations.slice(version - 1).flatMap(({ adds }) => Object.keys(adds));
  }

  /** The portions that are stored for those that somebody says. */
  readonly portionsToKeep = (portions: StoredRecord['envelope']['portions']) =>
    portionsToKeep(portions, this.migrations);

  /**
   * The path that a filter compares in a store that is held to these versions, one that every document has. Null where
   * there is none yet: the filter waits until the store is contracted.
   */
  filterPath(name: string, oldest: Oldest): string | null {
    const path = Object.hasOwn(this.#filters, name) ? this.#filters[name] : undefined;
    return path === undefined ? null : this.#olderPath(path, oldest[this.type] ?? 1);
  }

  /** Every path that a filter of this kind compares in any store: each has its index. */
  filterPaths(): readonly string[] {
    const versions = Array.from({ length: this.current }, (_, at) => at + 1);
    const paths = Object.values(this.#filters).flatMap((path) =>
      versions.flatMap((version) => this.#olderPath(path, version) ?? []),
    );
    return [...new Set(paths)];
  }

  /** The fields of content that this version has no use for, and older ones have. */
  retired(): readonly string[] {
    return this.#retired;
  }

  /** Whether every document of such a store is read as it lies: then the index alone can count. */
  isSettled(oldest: Oldest): boolean {
    return (oldest[this.type] ?? 1) === this.current;
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
    // What a newer version left in a document that an older one wrote since is not what its fields say now.
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

function without(content: Content, names: readonly string[]): Content {
  return Object.fromEntries(Object.entries(content).filter(([name]) => !names.includes(name)));
}

function isVersion(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}
