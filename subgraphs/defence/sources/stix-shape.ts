import { z } from 'zod';
import type { Tolerance } from '../../serve/ingest/sources/source.ts';

const id = z
  .string()
  .max(300)
  .regex(/^[a-z0-9][a-z0-9-]*--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
const text = z.string().nullish();
const flag = z.boolean().nullish();
const texts = z.array(z.string()).nullish();
const refs = z.array(id).nullish();
const anything = z.record(z.string(), z.unknown()).nullish();

const object = z.looseObject({
  type: z.string(),
  id,
  name: text,
  description: text,
  lang: text,
  created: text,
  modified: text,
  created_by_ref: id.nullish(),
  revoked: flag,
  confidence: z.number().nullish(),
  labels: texts,
  aliases: texts,
  external_references: z.array(z.looseObject({ source_name: text, url: text, external_id: text })).nullish(),
  object_marking_refs: z.array(id).max(100).nullish(),
  granular_markings: z
    .array(z.looseObject({ marking_ref: id.nullish(), selectors: z.array(z.string()) }))
    .nullish(),
  // Extensions of ATT&CK.
  kill_chain_phases: z.array(z.looseObject({ phase_name: z.string() })).nullish(),
  x_mitre_aliases: texts,
  x_mitre_platforms: texts,
  x_mitre_detection: text,
  x_mitre_is_subtechnique: flag,
  x_mitre_deprecated: flag,
  // Campaigns, sightings, indicators and observed data.
  first_seen: text,
  last_seen: text,
  first_observed: text,
  last_observed: text,
  valid_from: text,
  valid_until: text,
  indicator_types: texts,
  pattern: text,
  pattern_type: text,
  sighting_of_ref: id.nullish(),
  object_refs: refs,
  objects: z.record(z.string(), z.looseObject({ type: z.string() })).nullish(),
  // Relationships.
  relationship_type: text,
  source_ref: id.nullish(),
  target_ref: id.nullish(),
  // Marking definitions.
  definition_type: text,
  definition: anything,
  extensions: anything,
  x_opencti_definition: text,
  // Observables.
  value: text,
  key: text,
  number: z.number().nullish(),
  hashes: z.record(z.string(), z.string()).nullish(),
});

/** The properties of a STIX 2.1 object that the import reads. */
export type StixObject = z.infer<typeof object>;

/** A fault in a text or a time costs that property. Markings, ids and references must be valid. */
export const stixTolerance: Tolerance = {
  strict: [
    'type',
    'id',
    'name',
    'modified',
    'created_by_ref',
    'revoked',
    'x_mitre_deprecated',
    'labels',
    'object_marking_refs',
    'granular_markings',
    'relationship_type',
    'source_ref',
    'target_ref',
    'definition_type',
    'definition',
    'extensions',
    'x_opencti_definition',
  ],
};

/** The object types that the import reads. Of other types it reads only `type` and `id`. */
const known: ReadonlySet<string> = new Set([
  'attack-pattern',
  'malware',
  'tool',
  'campaign',
  'intrusion-set',
  'relationship',
  'indicator',
  'observed-data',
  'sighting',
  'vulnerability',
  'marking-definition',
  'ipv4-addr',
  'ipv6-addr',
  'domain-name',
  'url',
  'email-addr',
  'file',
  'mutex',
  'windows-registry-key',
  'x509-certificate',
  'autonomous-system',
]);

/** The shape of an object in a bundle. The properties of other types are neither checked nor kept. */
export const stixShape = z.preprocess(dropUnread, object);

function dropUnread(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value)) return value;
  const { type } = value;
  if (typeof type !== 'string' || known.has(type)) return value;
  return 'id' in value ? { type, id: value.id } : { type };
}
