import { z } from 'zod';
import type { Tolerance } from '../../serve/ingest/sources/source.ts';

const id = z.union([z.string(), z.number()]);
/** PHP writes an empty object as an empty list. */
const noneOr = <Shape extends z.ZodType>(shape: Shape) =>
  z.preprocess((value) => (Array.isArray(value) && value.length === 0 ? null : value), shape.nullish());
const flag = z.union([z.boolean(), z.number(), z.string()]).nullish();
const tag = z.looseObject({ name: z.string() });
const tags = z.array(tag).nullish();
const tagLinks = z.array(z.looseObject({ Tag: tag })).nullish();
const galaxy = z.looseObject({
  type: z.string().nullish(),
  GalaxyCluster: z.array(z.looseObject({ type: z.string().nullish(), value: z.string() })).nullish(),
});
const shared = {
  distribution: id.nullish(),
  sharing_group_id: id.nullish(),
  SharingGroup: noneOr(z.looseObject({ name: z.string().nullish() })),
};
const attribute = z.looseObject({
  ...shared,
  uuid: z.guid(),
  type: z.string(),
  category: z.string().nullish(),
  value: z.string().nullish(),
  to_ids: flag,
  deleted: flag,
  comment: z.string().nullish(),
  timestamp: id.nullish(),
  first_seen: z.string().nullish(),
  Tag: tags,
  EventTag: tagLinks,
  AttributeTag: tagLinks,
  Galaxy: z.array(galaxy).nullish(),
});
const object = z.looseObject({
  ...shared,
  name: z.string().nullish(),
  deleted: flag,
  Attribute: z.array(attribute).nullish(),
});
const organisation = noneOr(z.looseObject({ name: z.string().nullish() }));
const event = z.looseObject({
  ...shared,
  uuid: z.guid(),
  info: z.string(),
  date: z.string().nullish(),
  threat_level_id: id.nullish(),
  analysis: id.nullish(),
  timestamp: id.nullish(),
  Orgc: organisation,
  Org: organisation,
  Tag: tags,
  EventTag: tagLinks,
  AttributeTag: tagLinks,
  Galaxy: z.array(galaxy).nullish(),
  Attribute: z.array(attribute).nullish(),
  Object: z.array(object).nullish(),
});

/** The tags and galaxies of an event or attribute. */
export type MispTagged = Pick<z.infer<typeof event>, 'Tag' | 'EventTag' | 'AttributeTag' | 'Galaxy'>;
/** The distribution members of an event, object or attribute. */
export type MispShared = Pick<z.infer<typeof event>, 'distribution' | 'sharing_group_id' | 'SharingGroup'>;
/** An attribute of a MISP event. */
export type MispAttribute = z.infer<typeof attribute>;
/** A MISP event. */
export type MispEvent = z.infer<typeof event>;

/** An event of the MISP core format, with or without the `response` wrapper of the REST API. */
export const mispShape = z.preprocess(unwrap, z.looseObject({ Event: event }));
/** A MISP event in the member `Event`. */
export type MispEventRecord = z.infer<typeof mispShape>;

/** A fault in a date or a comment costs that field, one in an attribute the attribute. */
export const mispTolerance: Tolerance = {
  strict: [
    'Tag',
    'EventTag',
    'AttributeTag',
    'distribution',
    'sharing_group_id',
    'SharingGroup',
    'deleted',
    'Orgc',
    'Org',
    'timestamp',
  ],
  unwrap,
};

function unwrap(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'response' in value ? value.response : value;
}
