import type { Time } from '../../../schema/record/envelope.ts';
import { findCveIds, vulnerabilityKey } from '../../../schema/record/keys.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { keysOfObservable, keysOfPattern } from './stix-indicators.ts';
import type { StixObject } from './stix-shape.ts';

/** What one object says by itself, before what others of its bundle say of it. */
export type Drawn = {
  readonly kind: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Keys that it names itself. */
  readonly names: readonly string[];
  readonly sortAt: Date | null;
};

/** Whether an object becomes a record. */
export function hasPlace(object: StixObject): boolean {
  return object.type === 'relationship' ? useOf(object) !== null : Object.hasOwn(drawers, object.type);
}

/** The record that an object is; null for one that has no place in the graph. Throws WRONG_DATE. */
export function drawObject(object: StixObject, lang: string | null): Drawn | null {
  if (!hasPlace(object)) return null;
  return drawers[object.type]?.(object, object.lang ?? lang) ?? null;
}

/** The id by which a relationship's ends are found. */
export function stixKey(id: string): string {
  return `Stix:${id.toLowerCase()}`;
}

const drawers: Readonly<Record<string, (object: StixObject, lang: string | null) => Drawn | null>> = {
  'attack-pattern': drawTechnique,
  malware: drawSoftware,
  tool: drawSoftware,
  campaign: drawCampaign,
  'intrusion-set': drawGroup,
  indicator: drawIndicator,
  'observed-data': drawObserved,
  sighting: drawSighting,
  relationship: drawUse,
};

function drawTechnique(object: StixObject, lang: string | null): Drawn {
  const content = {
    ...described(object, lang),
    tactics: unique((object.kill_chain_phases ?? []).map(({ phase_name: name }) => name)),
    platforms: platformsOf(object),
    detection: toText(object.x_mitre_detection, lang),
    isSubtechnique: object.x_mitre_is_subtechnique ?? false,
  };
  return { kind: 'AttackTechnique', content, names: [stixKey(object.id)], sortAt: null };
}

function drawSoftware(object: StixObject, lang: string | null): Drawn {
  const content = {
    ...described(object, lang),
    kind: object.type === 'tool' ? 'TOOL' : 'MALWARE',
    aliases: aliasesOf(object),
    platforms: platformsOf(object),
  };
  return { kind: 'AttackSoftware', content, names: [stixKey(object.id)], sortAt: null };
}

function drawCampaign(object: StixObject, lang: string | null): Drawn {
  const firstSeen = toTime(object.first_seen);
  const content = {
    ...described(object, lang),
    aliases: aliasesOf(object),
    firstSeen,
    lastSeen: toTime(object.last_seen),
  };
  return { kind: 'AttackCampaign', content, names: [stixKey(object.id)], sortAt: firstSeen?.utc ?? null };
}

function drawGroup(object: StixObject, lang: string | null): Drawn {
  const content = { ...described(object, lang), aliases: aliasesOf(object) };
  return { kind: 'AttackGroup', content, names: [stixKey(object.id)], sortAt: null };
}

/** What ATT&CK's objects have in common. */
function described(object: StixObject, lang: string | null): Readonly<Record<string, unknown>> {
  return {
    attackId: attackIdOf(object),
    stixId: object.id,
    name: object.name ?? null,
    description: toText(object.description, lang),
    isDeprecated: object.revoked === true || object.x_mitre_deprecated === true,
    references: urlsOf(object),
  };
}

function drawUse(object: StixObject, lang: string | null): Drawn | null {
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

/** Of all relationships those have a place that say of a technique or a piece of software who uses it. */
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

function drawIndicator(object: StixObject, lang: string | null): Drawn {
  const validFrom = toTime(object.valid_from);
  const isStix = (object.pattern_type ?? 'stix') === 'stix';
  return observation(object, lang, {
    pattern: object.pattern ?? null,
    indicators: isStix ? keysOfPattern(object.pattern ?? '') : [],
    validFrom,
    validUntil: toTime(object.valid_until),
    labels: unique([...(object.labels ?? []), ...(object.indicator_types ?? [])]),
  });
}

/** Of what was observed only values that are indicators are kept: no account, no message, no person. */
function drawObserved(object: StixObject, lang: string | null): Drawn {
  const indicators = Object.values(object.objects ?? {}).flatMap((observable) =>
    keysOfObservable(observable),
  );
  return observation(object, lang, {
    pattern: null,
    indicators: unique(indicators),
    validFrom: toTime(object.first_observed),
    validUntil: toTime(object.last_observed),
    labels: unique(object.labels ?? []),
  });
}

/** Where it was sighted is not kept: that names victims. */
function drawSighting(object: StixObject, lang: string | null): Drawn {
  return observation(object, lang, {
    pattern: null,
    indicators: [],
    validFrom: toTime(object.first_seen),
    validUntil: toTime(object.last_seen),
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

function observation(object: StixObject, lang: string | null, observed: Observed): Drawn {
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

/** Keys of the CVE entries that an object refers to, or that a vulnerability object is. */
export function vulnerabilitiesOf(object: StixObject): readonly string[] {
  const referred = (object.external_references ?? [])
    .filter(({ source_name: name }) => name?.toLowerCase() === 'cve')
    .map(({ external_id: id }) => id ?? '');
  const ids = object.type === 'vulnerability' ? findCveIds(object.name ?? '') : [];
  return unique([...referred, ...ids].flatMap((id) => vulnerabilityKey(id) ?? []));
}

/** Names of an object other than its own. */
export function aliasesOf(object: StixObject): readonly string[] {
  const all = [...(object.aliases ?? []), ...(object.x_mitre_aliases ?? [])];
  return unique(all).filter((alias) => alias !== object.name);
}

/** The id that ATT&CK gives: the references of its own sources begin with `mitre`. */
function attackIdOf({ external_references: references }: StixObject): string | null {
  const own = (references ?? []).find(
    ({ source_name: name, external_id: id }) => name?.startsWith('mitre') === true && Boolean(id),
  );
  return own?.external_id ?? null;
}

/** ATT&CK writes `None` where a technique has no platform. */
function platformsOf({ x_mitre_platforms: platforms }: StixObject): readonly string[] {
  return unique(platforms ?? []).filter((platform) => platform !== 'None');
}

function urlsOf({ external_references: references }: StixObject): readonly string[] {
  const urls = (references ?? []).map(({ url }) => url ?? '');
  return unique(urls).filter((url) => url.length <= longestUrl && /^https?:\/\/\S+$/i.test(url));
}

const longestUrl = 2048;

function toText(
  value: string | null | undefined,
  lang: string | null,
): { value: string; lang: string | null } | null {
  return value ? { value, lang } : null;
}

function toTime(value: string | null | undefined): Time | null {
  return value ? parseTime(value) : null;
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)].filter((word) => word !== '');
}
