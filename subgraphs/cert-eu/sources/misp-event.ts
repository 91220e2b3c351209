import type { PersonalData, Time } from '../../../schema/record/envelope.ts';
import { findCveIds, vulnerabilityKey } from '../../../schema/record/keys.ts';
import { strictestOf, type TagMarking } from '../../serve/record/marking-tag.ts';
import type { MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { atPath, orWarn } from '../../serve/ingest/sources/fields.ts';
import { parseEpoch, parseTime } from '../../serve/ingest/sources/time.ts';
import type { Revision } from '../../serve/record/revision.ts';
import { publicDefaults } from './defaults.ts';
import { isPersonal, toIndicatorKeys } from './misp-indicator.ts';
import {
  type Distribution,
  readDistribution,
  readMarking,
  strictest,
  tagNames,
  toAudience,
} from './misp-marking.ts';
import {
  type MispAttribute,
  type MispEvent,
  type MispEventRecord,
  mispShape,
  mispTolerance,
  type MispTagged,
} from './misp-shape.ts';

/**
 * Events of the MISP core format, with or without a wrapper. Each event becomes a MISP event record and a sighting for
 * each attribute, including attributes of objects. A deleted attribute withdraws its sighting. The only personal data that is kept
 * is email addresses that are indicators.
 */
export const mispEvent: Source<MispEventRecord> = {
  name: 'misp-event',
  title: 'MISP events',
  expects: 'JSON with {"Event": ...} alone, in an array, or under "response"',
  locate: { at: 'member', name: 'response', orWhole: true },
  recognise: (head) => /"Event"\s*:\s*\{/.test(head) || /^\s*\{\s*"response"\s*:\s*\[\s*\]/.test(head),
  shape: mispShape,
  tolerates: mispTolerance,
  map({ Event: event }, context) {
    const shared = readShared(event, context);
    const attributes = listAttributes(event);
    const kept = attributes.filter(({ isDeleted }) => !isDeleted);
    const records = [
      toEvent(event, kept, shared, context),
      ...attributes.map((one) =>
        one.isDeleted ? toDeleted(one, shared) : toSighting(event, one, shared, context),
      ),
    ];
    const { revision } = shared;
    const document = { id: event.uuid.toLowerCase(), parts: null };
    return revision === undefined ? records : records.map((one) => ({ ...one, revision, document }));
  },
  defaults: publicDefaults('cert-eu'),
  resolves: true,
  mapping: 2,
};

/** Values of the event that also apply to its attributes. */
type Shared = {
  readonly parties: { readonly originator: string; readonly provider: string };
  readonly marking: TagMarking;
  readonly distribution: Distribution;
  /** The time of the event's last change. */
  readonly revision: Revision | undefined;
};

/** Reads the shared values. The creator (`Orgc`) is the originator, and the sending organisation (`Org`) the provider. */
function readShared(event: MispEvent, { defaults }: MapContext): Shared {
  const creator = toOrganisation(event.Orgc?.name);
  const sender = toOrganisation(event.Org?.name);
  return {
    parties: {
      originator: creator ?? defaults.originator,
      provider: sender ?? creator ?? defaults.provider,
    },
    marking: withDefault(readMarking(event), defaults),
    distribution: readDistribution(event),
    revision: toRevision(atPath('Event.timestamp', () => readTimestamp(event.timestamp))),
  };
}

function toRevision(time: Time | null): Revision | undefined {
  return time === null ? undefined : [time.utc.getTime()];
}

/** An event without a TLP tag is GREEN, unless the import sets a colour. */
function withDefault(marking: TagMarking, { isTlpGiven }: MapContext['defaults']): TagMarking {
  return marking.tlp === undefined && isTlpGiven !== true ? { ...marking, tlp: 'GREEN' } : marking;
}

function toOrganisation(name: string | null | undefined): string | null {
  const plain = (name ?? '').slice(0, 200).normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-|-$/g, '');
  return slug === '' ? null : slug;
}

/** An attribute with the name of its object and the strictest distribution of event, object and attribute. */
type PlacedAttribute = {
  readonly attribute: MispAttribute;
  /** The path of the attribute in the record. */
  readonly path: string;
  /** True if MISP deleted the attribute, or the object that contains it. */
  readonly isDeleted: boolean;
  readonly objectName: string | null;
  readonly distribution: Distribution;
};

function listAttributes(event: MispEvent): readonly PlacedAttribute[] {
  const top = {
    name: null,
    distribution: null,
    attributes: event.Attribute ?? [],
    path: 'Event',
    isDeleted: false,
  };
  const objects = (event.Object ?? []).map((object, at) => ({
    name: object.name ?? null,
    distribution: readDistribution(object),
    attributes: object.Attribute ?? [],
    path: `Event.Object.${at}`,
    isDeleted: isSet(object.deleted),
  }));
  const ofEvent = readDistribution(event);
  return [top, ...objects].flatMap(({ name, distribution, attributes, path, isDeleted }) =>
    attributes.map((attribute, at) => ({
      attribute,
      path: `${path}.Attribute.${at}`,
      isDeleted: isDeleted || isSet(attribute.deleted),
      objectName: name,
      distribution: strictest(ofEvent, distribution, readDistribution(attribute)),
    })),
  );
}

/** Returns the withdrawal of the sighting of a deleted attribute. */
function toDeleted({ attribute }: PlacedAttribute, { parties }: Shared): Mapped {
  const localId = attribute.uuid.toLowerCase();
  return {
    kind: 'Sighting',
    localId,
    content: {},
    sortAt: null,
    says: parties,
    names: [],
    withdrawn: true,
  };
}

/** Reads a flag. MISP writes flags as booleans, numbers or strings. */
function isSet(flag: boolean | number | string | null | undefined): boolean {
  return flag === true || flag === 1 || flag === '1' || flag === 'true';
}

function toEvent(
  event: MispEvent,
  attributes: readonly PlacedAttribute[],
  { parties, marking, distribution }: Shared,
  context: MapContext,
): Mapped {
  const { date: day } = event;
  const date = day ? orWarn(context, 'Event.date', day, () => parseTime(day)) : null;
  const modifiedAt = readTimestamp(event.timestamp);
  const vulnerabilities = findVulnerabilities(event, attributes, { marking, distribution });
  const actors = findActors(event, context);
  const content = {
    uuid: event.uuid.toLowerCase(),
    info: { value: event.info, lang: null },
    date,
    threatLevel: (['HIGH', 'MEDIUM', 'LOW'] as const)[Number(event.threat_level_id ?? 4) - 1] ?? 'UNDEFINED',
    analysis: (['INITIAL', 'ONGOING', 'COMPLETED'] as const)[Number(event.analysis ?? 0)] ?? 'INITIAL',
    distribution: distribution?.level ?? null,
    tags: tagNames(event),
    techniques: findTechniques(event),
    actors,
    vulnerabilities,
  };
  return {
    kind: 'MispEvent',
    localId: event.uuid.toLowerCase(),
    content,
    sortAt: date?.utc ?? modifiedAt?.utc ?? null,
    says: {
      ...parties,
      marking,
      audience: toAudience(distribution),
      occurredAt: date,
      modifiedAt,
    },
    names: [...actors, ...vulnerabilities.flatMap((id) => vulnerabilityKey(id) ?? [])],
  };
}

/** Finds the CVE ids of an event. An attribute with a stricter marking or distribution than the event adds none. */
function findVulnerabilities(
  event: MispEvent,
  attributes: readonly PlacedAttribute[],
  { marking, distribution }: Pick<Shared, 'marking' | 'distribution'>,
): readonly string[] {
  const ofEvent = JSON.stringify([marking, distribution]);
  const values = attributes
    .filter(({ attribute }) => attribute.type === 'vulnerability')
    .filter((one) => JSON.stringify([markingOf(marking, one.attribute), one.distribution]) === ofEvent)
    .map(({ attribute }) => attribute.value ?? '');
  return findCveIds([event.info, ...tagNames(event), ...values].join('\n'));
}

/** Joins the marking of the event with that of an attribute. */
function markingOf(ofEvent: TagMarking, attribute: MispAttribute): TagMarking {
  return strictestOf([ofEvent, readMarking(attribute)]);
}

function findActors(tagged: MispTagged, context: MapContext): readonly string[] {
  const names = clusterNames(tagged, 'threat-actor');
  return [...new Set(names.flatMap((name) => context.resolveActor(name) ?? []))];
}

/** Finds techniques in clusters such as `Social Media - T1593.001`. */
function findTechniques(tagged: MispTagged) {
  const found = clusterNames(tagged, 'mitre-attack-pattern').flatMap((name) => {
    const match = /^(.{1,500}) - (T\d{4}(?:\.\d{3})?)$/.exec(name);
    return match?.[1] === undefined || match[2] === undefined ? [] : [{ attackId: match[2], name: match[1] }];
  });
  return [...new Map(found.map((technique) => [technique.attackId, technique])).values()];
}

/** Returns the names of the clusters of one galaxy, from the galaxies and from their machine tags. */
function clusterNames(tagged: MispTagged, galaxy: string): readonly string[] {
  const clusters = (tagged.Galaxy ?? [])
    .filter(({ type }) => type === galaxy)
    .flatMap(({ GalaxyCluster }) => (GalaxyCluster ?? []).map(({ value }) => value));
  const prefix = `misp-galaxy:${galaxy}="`;
  const tags = tagNames(tagged)
    .filter((name) => name.startsWith(prefix) && name.endsWith('"'))
    .map((name) => name.slice(prefix.length, -1));
  return [...new Set([...clusters, ...tags])];
}

function toSighting(
  event: MispEvent,
  placed: PlacedAttribute,
  { parties, marking }: Shared,
  context: MapContext,
): Mapped {
  const { attribute, objectName, distribution, path } = placed;
  const keys = isAboutPersons(attribute) ? [] : toIndicatorKeys(attribute.type, attribute.value ?? '');
  const { first_seen: first, timestamp } = attribute;
  const firstSeen = first ? orWarn(context, `${path}.first_seen`, first, () => parseTime(first)) : null;
  const modifiedAt = orWarn(context, `${path}.timestamp`, timestamp, () => readTimestamp(timestamp));
  const seenAt = firstSeen ?? modifiedAt;
  const content = {
    indicator: keys[0] ?? null,
    mispType: attribute.type,
    category: attribute.category ?? null,
    objectName,
    toIds: isSet(attribute.to_ids),
    comment:
      attribute.comment && !isAboutPersons(attribute) ? { value: attribute.comment, lang: null } : null,
    seenAt,
  };
  return {
    kind: 'Sighting',
    localId: attribute.uuid.toLowerCase(),
    content,
    sortAt: seenAt?.utc ?? null,
    says: {
      ...parties,
      marking: markingOf(marking, attribute),
      audience: toAudience(distribution),
      observedAt: firstSeen,
      modifiedAt,
      personalData: keys.length > 0 && isPersonal(attribute.type) ? emailAddress : null,
    },
    names: keys,
    belongsTo: { event: { kind: 'MispEvent', localId: event.uuid.toLowerCase() } },
  };
}

/** Returns true if an attribute identifies a victim, registrant or other person. Its value and comment are not kept. */
function isAboutPersons({ type, category }: MispAttribute): boolean {
  return /^(target-|whois-registrant-)/.test(type) || category === 'Targeting data' || category === 'Person';
}

/** The personal data of an email address that is an indicator. */
const emailAddress: PersonalData = {
  present: true,
  categories: ['e-mail address'],
  controller: null,
  legalBasis: null,
  reviewAt: null,
  retainUntil: null,
  restricted: false,
};

/** Reads a timestamp. MISP writes 0 for "never". */
function readTimestamp(seconds: string | number | null | undefined): Time | null {
  return seconds === null || seconds === undefined || Number(seconds) === 0 ? null : parseEpoch(seconds);
}
