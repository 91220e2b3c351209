import type { MapContext } from '../../serve/ingest/sources/source.ts';
import { keysOfObservable, keysOfPattern } from './stix-indicators.ts';
import { aliasesOf, vulnerabilitiesOf } from './stix-objects.ts';
import { refsOfLabels } from './stix-marking.ts';
import type { StixObject } from './stix-shape.ts';

/** Keys that an object adds to a field of another object's record, and the marking definitions that apply. */
export type Addition = {
  readonly field: 'actor' | 'actors' | 'indicators' | 'vulnerabilities';
  readonly keys: readonly string[];
  readonly marked: readonly string[];
};

/** The shared entities that an object describes. */
type Described = {
  readonly type: 'ThreatActor' | 'Indicator' | 'Vulnerability';
  readonly keys: Set<string>;
  readonly marked: Set<string>;
};
type Link = { readonly id: string; readonly target: string; readonly marked: readonly string[] };

const lists = { ThreatActor: 'actors', Indicator: 'indicators', Vulnerability: 'vulnerabilities' } as const;
/** The maximum number of marking definitions of an object that adds keys to others. */
const maxMarkings = 100;
/** The memory of an entry in addition to its texts, in bytes. */
const entryBytes = 200;

/** Collects the keys that the objects of a bundle add to each other's records. It keeps keys, but no texts. */
export class Additions {
  readonly #described = new Map<string, Described>();
  readonly #links = new Map<string, Link[]>();
  /** The source of each link, by the id of its relationship. */
  readonly #sources = new Map<string, string>();
  readonly #versions = new Map<string, number>();
  readonly #used = new Set<string>();
  #size = 0;

  /** The approximate memory in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Collects the keys and relationships of an object, if it is not an older version of one that was met. */
  take(object: StixObject, resolveActor: MapContext['resolveActor']): void {
    for (const ref of refsTo(object)) this.#used.add(detach(ref.toLowerCase()));
    if (!this.#isNewest(object)) return;
    if (object.type === 'relationship') this.#takeLink(object);
    else this.#takeObject(object, resolveActor);
  }

  /** Returns the keys that other objects add to the record of this object. */
  additionsTo(object: StixObject): readonly Addition[] {
    const id = object.id.toLowerCase();
    if (object.type === 'relationship') return this.#find(object.source_ref, [], 'actor');
    if (object.type === 'sighting') return this.#find(object.sighting_of_ref, []);
    const observed = object.type === 'observed-data' ? new Set(object.object_refs ?? []) : [];
    return [
      ...[...observed].flatMap((ref) => this.#find(ref, [])),
      ...(this.#links.get(id) ?? []).flatMap(({ target, marked }) => this.#find(target, marked)),
    ];
  }

  /** Returns whether another record shows what an object states: an observable, a vulnerability or a relationship. */
  uses({ type, id, relationship_type: relationship }: StixObject): boolean {
    if (type === 'marking-definition' || type === 'identity') return true;
    if (type === 'relationship') return relationship === 'attributed-to' || relationship === 'indicates';
    return this.#used.has(id.toLowerCase());
  }

  /** Forgets the keys and links of an object when a newer version of it comes. */
  #isNewest(object: StixObject): boolean {
    const id = object.id.toLowerCase();
    const at = Date.parse(object.modified ?? object.created ?? '') || 0;
    const known = this.#versions.get(id);
    if (known !== undefined && known > at) return false;
    if (known !== at) {
      this.#versions.set(detach(id), at);
      if (known === undefined) this.#count([id]);
      else this.#forget(id);
    }
    return true;
  }

  #forget(id: string): void {
    this.#described.delete(id);
    const source = this.#sources.get(id);
    if (source === undefined) return;
    const links = this.#links.get(source) ?? [];
    this.#links.set(
      source,
      links.filter((link) => link.id !== id),
    );
  }

  #find(ref: string | null | undefined, marked: readonly string[], field?: 'actor'): readonly Addition[] {
    const found = this.#described.get(ref?.toLowerCase() ?? '');
    if (found === undefined) return [];
    if (field === 'actor' && found.type !== 'ThreatActor') return [];
    return [
      { field: field ?? lists[found.type], keys: [...found.keys], marked: [...found.marked, ...marked] },
    ];
  }

  /** Two objects with the same id are merged, with the markings of both. */
  #takeObject(object: StixObject, resolveActor: MapContext['resolveActor']): void {
    const { type, keys } = readKeys(object, resolveActor);
    const marked = refsOf(object);
    if (keys.length === 0 || marked.length > maxMarkings) return;
    const id = detach(object.id.toLowerCase());
    const merged = this.#described.get(id) ?? { type, keys: new Set(), marked: new Set() };
    for (const key of keys) merged.keys.add(detach(key));
    for (const ref of marked) merged.marked.add(ref);
    this.#described.set(id, merged);
    this.#count([id, ...keys, ...marked]);
  }

  /** Collects the relationships that the record of their source shows. */
  #takeLink(object: StixObject): void {
    const { relationship_type: type, source_ref: source, target_ref: target } = object;
    if (!source || !target || object.revoked === true || object.x_mitre_deprecated === true) return;
    const isShown =
      (type === 'attributed-to' && source.startsWith('campaign--')) ||
      (type === 'indicates' && source.startsWith('indicator--'));
    if (!isShown || !/^(intrusion-set|vulnerability)--/.test(target)) return;
    const id = source.toLowerCase();
    const link = { id: object.id.toLowerCase(), target: target.toLowerCase(), marked: refsOf(object) };
    if (link.marked.length > maxMarkings) return;
    const links = this.#links.get(id) ?? [];
    links.push(link);
    this.#sources.set(link.id, id);
    this.#links.set(id, links);
    this.#count([id, link.target, ...link.marked]);
  }

  #count(texts: readonly string[]): void {
    this.#size += texts.reduce((sum, text) => sum + text.length, entryBytes);
  }
}

/**
 * Resolves the actor of a group: by its name in the alias tables, or else by its aliases if they refer to exactly one
 * actor. Otherwise returns the key of its name.
 */
export function resolveGroup(object: StixObject, resolveActor: MapContext['resolveActor']): string | null {
  const own = resolveActor(object.name ?? '');
  if (own !== null && isShared(own)) return own;
  const others = new Set(aliasesOf(object).map((alias) => resolveActor(alias)));
  const known = [...others].filter((key) => key !== null && isShared(key));
  return known.length === 1 ? (known[0] ?? own) : own;
}

function isShared(key: string): boolean {
  return !key.startsWith('ThreatActor:name:');
}

function readKeys(
  object: StixObject,
  resolveActor: MapContext['resolveActor'],
): Pick<Addition, 'keys'> & Pick<Described, 'type'> {
  if (object.type === 'intrusion-set') {
    const key = resolveGroup(object, resolveActor);
    return { type: 'ThreatActor', keys: key === null ? [] : [key] };
  }
  if (object.type === 'vulnerability') return { type: 'Vulnerability', keys: vulnerabilitiesOf(object) };
  if (object.type !== 'indicator') return { type: 'Indicator', keys: keysOfObservable(object) };
  const isStix = (object.pattern_type ?? 'stix') === 'stix';
  return { type: 'Indicator', keys: isStix ? keysOfPattern(object.pattern ?? '') : [] };
}

/** Returns the objects whose keys the record of an object shows. */
function refsTo({
  type,
  object_refs: observed,
  sighting_of_ref: sighted,
  source_ref: source,
  target_ref: target,
}: StixObject): readonly string[] {
  if (type === 'observed-data') return observed ?? [];
  return [sighted, source, target].filter((ref) => typeof ref === 'string');
}

/** Returns the definitions that mark an object or any of its parts. */
function refsOf(object: StixObject): readonly string[] {
  const { object_marking_refs: whole, granular_markings: parts } = object;
  const labels = refsOfLabels(object);
  const refs = [...(whole ?? []), ...(parts ?? []).map(({ marking_ref: ref }) => ref ?? ''), ...labels];
  return [...new Set(refs.filter((ref) => ref !== '').map((ref) => detach(ref.toLowerCase())))];
}

/** Copies a string: a substring would keep the whole source string in memory. */
function detach(text: string): string {
  return Buffer.from(text).toString();
}
