import type { Time } from '../../../schema/record/envelope.ts';
import { findCveIds, vulnerabilityKey } from '../../../schema/record/keys.ts';
import { atPath, orWarn } from '../../serve/ingest/sources/fields.ts';
import type { MapContext } from '../../serve/ingest/sources/source.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import type { Revision } from '../../serve/record/revision.ts';
import { keysOfObservable, keysOfPattern } from './stix-indicators.ts';
import type { StixObject } from './stix-shape.ts';

/** The record of one object, without values from other objects of its bundle. */
export type MappedObject = {
  readonly kind: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** The shared keys in the object. */
  readonly names: readonly string[];
  readonly sortAt: Date | null;
};

/** Returns true if an object becomes a record. */
export function isMapped(object: StixObject): boolean {
  return object.type === 'relationship' ? useOf(object) !== null : Object.hasOwn(mappers, object.type);
}

/** Maps an object to its record. Null if it does not become one. */
export function mapObject(object: StixObject, lang: string | null, context: Warns): MappedObject | null {
  if (!isMapped(object)) return null;
  return mappers[object.type]?.(object, object.lang ?? lang, context) ?? null;
}

type Warns = Pick<MapContext, 'warn'>;

/** Returns the version of an object: the time of its last change. Null if it has none. Throws WRONG_DATE. */
export function revisionOf({ modified, created }: StixObject): Revision | null {
  const at = modified ?? created;
  return at ? [atPath('modified', () => parseTime(at)).utc.getTime()] : null;
}

/** Returns the key under which relationships find an object. */
export function stixKey(id: string): string {
  return `Stix:${id.toLowerCase()}`;
}

const mappers: Readonly<
  Record<string, (object: StixObject, lang: string | null, context: Warns) => MappedObject | null>
> = {
  'attack-pattern': mapTechnique,
  malware: mapSoftware,
  tool: mapSoftware,
  campaign: mapCampaign,
  'intrusion-set': mapGroup,
  indicator: mapIndicator,
  'observed-data': mapObservedData,
  sighting: mapSighting,
  relationship: mapUse,
};

function mapTechnique(object: StixObject, lang: string | null): MappedObject {
  const content = {
    ...readCommon(object, lang),
    tactics: unique((object.kill_chain_phases ?? []).map(({ phase_name: name }) => name)),
    platforms: platformsOf(object),
    detection: toText(object.x_mitre_detection, lang),
    isSubtechnique: object.x_mitre_is_subtechnique ?? false,
  };
  return { kind: 'AttackTechnique', content, names: [stixKey(object.id)], sortAt: null };
}

function mapSoftware(object: StixObject, lang: string | null): MappedObject {
  const content = {
    ...readCommon(object, lang),
    kind: object.type === 'tool' ? 'TOOL' : 'MALWARE',
    aliases: aliasesOf(object),
    platforms: platformsOf(object),
  };
  return { kind: 'AttackSoftware', content, names: [stixKey(object.id)], sortAt: null };
}

function mapCampaign(object: StixObject, lang: string | null, context: Warns): MappedObject {
  const firstSeen = toTime(context, 'first_seen', object.first_seen);
  const content = {
    ...readCommon(object, lang),
    aliases: aliasesOf(object),
    firstSeen,
    lastSeen: toTime(context, 'last_seen', object.last_seen),
  };
  return { kind: 'AttackCampaign', content, names: [stixKey(object.id)], sortAt: firstSeen?.utc ?? null };
}

function mapGroup(object: StixObject, lang: string | null): MappedObject {
  const content = { ...readCommon(object, lang), aliases: aliasesOf(object) };
  return { kind: 'AttackGroup', content, names: [stixKey(object.id)], sortAt: null };
}

/** Reads the fields that all ATT&CK objects share. */
function readCommon(object: StixObject, lang: string | null): Readonly<Record<string, unknown>> {
  return {
    attackId: attackIdOf(object),
    stixId: object.id,
    name: object.name ?? null,
    description: toText(object.description, lang),
    isDeprecated: object.revoked === true || object.x_mitre_deprecated === true,
    references: urlsOf(object),
  };
}

function mapUse(object: StixObject, lang: string | null): MappedObject | null {
  const kind = useOf(object);
  const content = {
    stixId: object.id,
    sourceRef: object.source_ref,
    targetRef: object.target_ref?.toLowerCase(),
    description: toText(object.description, lang),
    references: urlsOf(object),
  };
  return kind === null ? null : { kind, content, names: [], sortAt: null };
}

/** Returns the record type of a relationship that says who uses a technique or software. Null for all others. */
function useOf({
  relationship_type: type,
  source_ref: source,
  target_ref: target,
}: StixObject): string | null {
  if (type !== 'uses' || !/^(intrusion-set|threat-actor|campaign|malware|tool)--/.test(source ?? ''))
    return null;
  if (target?.startsWith('attack-pattern--') === true) return 'TechniqueUse';
  return /^(malware|tool)--/.test(target ?? '') ? 'SoftwareUse' : null;
}

function mapIndicator(object: StixObject, lang: string | null, context: Warns): MappedObject {
  const validFrom = toTime(context, 'valid_from', object.valid_from);
  const isStix = (object.pattern_type ?? 'stix') === 'stix';
  return observation(object, lang, {
    pattern: object.pattern ?? null,
    indicators: isStix ? keysOfPattern(object.pattern ?? '') : [],
    validFrom,
    validUntil: toTime(context, 'valid_until', object.valid_until),
    labels: unique([...(object.labels ?? []), ...(object.indicator_types ?? [])]),
  });
}

/** Maps observed data. Only values of indicators are kept: no accounts, messages or persons. */
function mapObservedData(object: StixObject, lang: string | null, context: Warns): MappedObject {
  const indicators = Object.values(object.objects ?? {}).flatMap((observable) =>
    keysOfObservable(observable),
  );
  return observation(object, lang, {
    pattern: null,
    indicators: unique(indicators),
    validFrom: toTime(context, 'first_observed', object.first_observed),
    validUntil: toTime(context, 'last_observed', object.last_observed),
    labels: unique(object.labels ?? []),
  });
}

/** Maps a sighting. Its place is not kept, since it can identify victims. */
function mapSighting(object: StixObject, lang: string | null, context: Warns): MappedObject {
  return observation(object, lang, {
    pattern: null,
    indicators: [],
    validFrom: toTime(context, 'first_seen', object.first_seen),
    validUntil: toTime(context, 'last_seen', object.last_seen),
    labels: unique(object.labels ?? []),
  });
}

type Observed = {
  readonly pattern: string | null;
  readonly indicators: readonly string[];
  readonly validFrom: Time | null;
  readonly validUntil: Time | null;
  readonly labels: readonly string[];
};

function observation(object: StixObject, lang: string | null, observed: Observed): MappedObject {
  const vulnerabilities = vulnerabilitiesOf(object);
  const content = {
    stixId: object.id,
    stixType: object.type,
    name: object.name ?? null,
    description: toText(object.description, lang),
    ...observed,
    vulnerabilities,
    references: urlsOf(object),
  };
  const names = [...observed.indicators, ...vulnerabilities];
  return { kind: 'StixObservation', content, names, sortAt: observed.validFrom?.utc ?? null };
}

/** Returns the keys of the CVE ids in an object's references, or in the name of a vulnerability object. */
export function vulnerabilitiesOf(object: StixObject): readonly string[] {
  const referred = (object.external_references ?? [])
    .filter(({ source_name: name }) => name?.toLowerCase() === 'cve')
    .map(({ external_id: id }) => id ?? '');
  const ids = object.type === 'vulnerability' ? findCveIds(object.name ?? '') : [];
  return unique([...referred, ...ids].flatMap((id) => vulnerabilityKey(id) ?? []));
}

/** Returns the aliases of an object, without its name. */
export function aliasesOf(object: StixObject): readonly string[] {
  const all = [...(object.aliases ?? []), ...(object.x_mitre_aliases ?? [])];
  return unique(all).filter((alias) => alias !== object.name);
}

/** Returns the ATT&CK id. The source names of ATT&CK's own references begin with `mitre`. */
function attackIdOf({ external_references: references }: StixObject): string | null {
  const own = (references ?? []).find(
    ({ source_name: name, external_id: id }) => name?.startsWith('mitre') === true && Boolean(id),
  );
  return own?.external_id ?? null;
}

/** Returns the platforms. ATT&CK writes `None` for a technique without one. */
function platformsOf({ x_mitre_platforms: platforms }: StixObject): readonly string[] {
  return unique(platforms ?? []).filter((platform) => platform !== 'None');
}

function urlsOf({ external_references: references }: StixObject): readonly string[] {
  const urls = (references ?? []).map(({ url }) => url ?? '');
  return unique(urls).filter((url) => url.length <= maxUrl && /^https?:\/\/\S+$/i.test(url));
}

const maxUrl = 2048;

function toText(
  value: string | null | undefined,
  lang: string | null,
): { value: string; lang: string | null } | null {
  return value ? { value, lang } : null;
}

function toTime(context: Warns, path: string, value: string | null | undefined): Time | null {
  return value ? orWarn(context, path, value, () => parseTime(value)) : null;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '');
}
