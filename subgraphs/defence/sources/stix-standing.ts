import type { MapContext } from '../../serve/ingest/sources/source.ts';
import { keysOfObservable, keysOfPattern } from './stix-indicators.ts';
import { aliasesOf, vulnerabilitiesOf } from './stix-objects.ts';
import type { StixObject } from './stix-shape.ts';

/** What an object of the bundle says in another's record: keys for a field, under the marking definitions named. */
export type Said = {
  readonly field: 'actor' | 'actors' | 'indicators' | 'vulnerabilities';
  readonly keys: readonly string[];
  readonly marked: readonly string[];
};

type Stand = {
  readonly of: 'ThreatActor' | 'Indicator' | 'Vulnerability';
  readonly keys: Set<string>;
  readonly marked: Set<string>;
};
type Link = { readonly target: string; readonly marked: readonly string[] };

const lists = { ThreatActor: 'actors', Indicator: 'indicators', Vulnerability: 'vulnerabilities' } as const;
/** An object that more definitions mark than these is told of by no other. */
const maxMarkings = 100;
/** What an entry takes beside its texts, in bytes. */
const entryBytes = 200;

/** What the objects of a bundle stand for, and which of them point to which: no text of theirs is kept. */
export class Standing {
  readonly #stands = new Map<string, Stand>();
  readonly #links = new Map<string, Link[]>();
  #size = 0;

  /** About how many bytes it holds. */
  get size(): number {
    return this.#size;
  }

  take(object: StixObject, resolveActor: MapContext['resolveActor']): void {
    if (object.type === 'relationship') this.#takeLink(object);
    else this.#takeStand(object, resolveActor);
  }

  /** What other objects say in the record of this one. */
  sayOf(object: StixObject): readonly Said[] {
    const id = object.id.toLowerCase();
    if (object.type === 'relationship') return this.#say(object.source_ref, [], 'actor');
    if (object.type === 'sighting') return this.#say(object.sighting_of_ref, []);
    const observed = object.type === 'observed-data' ? new Set(object.object_refs ?? []) : [];
    return [
      ...[...observed].flatMap((ref) => this.#say(ref, [])),
      ...(this.#links.get(id) ?? []).flatMap(({ target, marked }) => this.#say(target, marked)),
    ];
  }

  #say(ref: string | null | undefined, marked: readonly string[], field?: 'actor'): readonly Said[] {
    const stand = this.#stands.get(ref?.toLowerCase() ?? '');
    if (stand === undefined) return [];
    if (field === 'actor' && stand.of !== 'ThreatActor') return [];
    return [{ field: field ?? lists[stand.of], keys: [...stand.keys], marked: [...stand.marked, ...marked] }];
  }

  /** An object that comes twice stands for what both say, under the markings of both. */
  #takeStand(object: StixObject, resolveActor: MapContext['resolveActor']): void {
    const { of, keys } = standOf(object, resolveActor);
    const marked = refsOf(object);
    if (keys.length === 0 || marked.length > maxMarkings) return;
    const id = detach(object.id.toLowerCase());
    const stand = this.#stands.get(id) ?? { of, keys: new Set(), marked: new Set() };
    for (const key of keys) stand.keys.add(detach(key));
    for (const ref of marked) stand.marked.add(ref);
    this.#stands.set(id, stand);
    this.#count([id, ...keys, ...marked]);
  }

  /** Of all relationships those that a record of their source tells. */
  #takeLink(object: StixObject): void {
    const { relationship_type: type, source_ref: source, target_ref: target } = object;
    if (!source || !target || object.revoked === true || object.x_mitre_deprecated === true) return;
    const tells =
      (type === 'attributed-to' && source.startsWith('campaign--')) ||
      (type === 'indicates' && source.startsWith('indicator--'));
    if (!tells || !/^(intrusion-set|vulnerability)--/.test(target)) return;
    const id = source.toLowerCase();
    const link = { target: target.toLowerCase(), marked: refsOf(object) };
    if (link.marked.length > maxMarkings) return;
    const links = this.#links.get(id) ?? [];
    links.push(link);
    this.#links.set(id, links);
    this.#count([id, link.target, ...link.marked]);
  }

  #count(texts: readonly string[]): void {
    this.#size += texts.reduce((sum, text) => sum + text.length, entryBytes);
  }
}

/**
 * The actor that a group is: by its name in the alias tables, and otherwise by the names that it also has, where they
 * lead to one actor only; its own name's key where none does or they lead to several.
 */
export function resolveGroup(object: StixObject, resolveActor: MapContext['resolveActor']): string | null {
  const own = resolveActor(object.name ?? '');
  if (own !== null && isOfTable(own)) return own;
  const others = new Set(aliasesOf(object).map((alias) => resolveActor(alias)));
  const known = [...others].filter((key) => key !== null && isOfTable(key));
  return known.length === 1 ? (known[0] ?? own) : own;
}

function isOfTable(key: string): boolean {
  return !key.startsWith('ThreatActor:name:');
}

function standOf(
  object: StixObject,
  resolveActor: MapContext['resolveActor'],
): Pick<Said, 'keys'> & Pick<Stand, 'of'> {
  if (object.type === 'intrusion-set') {
    const key = resolveGroup(object, resolveActor);
    return { of: 'ThreatActor', keys: key === null ? [] : [key] };
  }
  if (object.type === 'vulnerability') return { of: 'Vulnerability', keys: vulnerabilitiesOf(object) };
  if (object.type !== 'indicator') return { of: 'Indicator', keys: keysOfObservable(object) };
  const isStix = (object.pattern_type ?? 'stix') === 'stix';
  return { of: 'Indicator', keys: isStix ? keysOfPattern(object.pattern ?? '') : [] };
}

/** The definitions that mark an object or any part of it. */
function refsOf({ object_marking_refs: whole, granular_markings: parts }: StixObject): readonly string[] {
  const refs = [...(whole ?? []), ...(parts ?? []).map(({ marking_ref: ref }) => ref ?? '')];
  return [...new Set(refs.filter((ref) => ref !== '').map((ref) => detach(ref.toLowerCase())))];
}

/** A text of its own: a part of another would keep the whole of that in memory. */
function detach(text: string): string {
  return Buffer.from(text).toString();
}
