import { z } from 'zod';
import type { Marking, Portion, Time } from '../../../schema/record/envelope.ts';
import {
  distributions,
  handlingCodes,
  papScale,
  purposes,
  reaches,
  recordStates,
  tlpScale,
} from '../../../schema/record/vocabulary.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contentInput, contractOf, isWrittenByHand, namedIn } from '../record/contract.ts';
import { takeContent } from '../record/take-content.ts';
import { markingOf, maxNames, noAudience } from '../record/marking.ts';
import type { MapContext, Mapped, Source } from './sources/source.ts';
import { RejectError } from '../record/reject.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const time = z
  .object({
    utc: instant,
    precision: z.enum(['YEAR', 'MONTH', 'DAY', 'MINUTE', 'SECOND', 'MILLISECOND']).default('SECOND'),
    declaredZone: z.string().nullable().default(null),
  })
  .transform((value): Time => value);
const marking = z.strictObject({
  tlp: z.enum(tlpScale),
  tlpCommunity: z.string().min(1).optional(),
  pap: z.enum(papScale).optional(),
  distribution: z.enum(distributions).optional(),
  handlingCodes: z.array(z.enum(handlingCodes)).optional(),
  h3Text: z.string().optional(),
  extraRestrictions: z.array(z.string().min(1)).optional(),
});
const names = z.array(z.string().min(1).max(200)).max(maxNames);
const audience = z.strictObject({
  reach: z.enum(reaches).optional(),
  organisations: names.optional(),
  sharingGroups: names.optional(),
  persons: names.optional(),
  agreements: names.optional(),
});
const shape = z.strictObject({
  kind: z.string(),
  localId: z.string().min(1).max(200),
  content: z.record(z.string(), z.unknown()),
  originator: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .optional(),
  sourceUrl: z.url().optional(),
  /** Required: a record without a marking must not be open. */
  marking,
  audience: audience.optional(),
  purposes: z.array(z.enum(purposes)).optional(),
  embargoUntil: instant.optional(),
  portions: z.array(z.strictObject({ path: z.string(), marking, audience: audience.optional() })).optional(),
  recordState: z.enum(recordStates).exclude(['ERASED']).optional(),
  statementKind: z.enum(['FACT', 'ASSESSMENT', 'HYPOTHESIS']).optional(),
  confidence: z.enum(['LOW', 'MODERATE', 'HIGH']).optional(),
  grading: z
    .strictObject({ scheme: z.enum(['4x4', 'admiralty']), source: z.string(), information: z.string() })
    .optional(),
  occurredAt: time.optional(),
  observedAt: time.optional(),
  reportedAt: time.optional(),
});

/** A record in the hub's own JSON format, for data that no standard format has. */
export type OwnRecord = z.infer<typeof shape>;

/**
 * The source of records in the hub's own JSON, for every kind that the graph accepts as an input, with the same fields.
 * Each record has its marking; a marking on the command line can only make it stricter.
 */
export function ownRecords(community: Community, kinds: readonly Kind[]): Source<OwnRecord> {
  const schema = contractOf(community);
  const byType = new Map(
    kinds.filter(({ type }) => isWrittenByHand(schema, type)).map((kind) => [kind.type, kind]),
  );
  return {
    name: 'records',
    title: "records in the hub's own JSON",
    expects: 'a JSON object with "format": "jcu-records/1" and an array "records"',
    locate: { at: 'member', name: 'records' },
    recognise: (head) => /"format"\s*:\s*"jcu-records\/1"/.test(head),
    shape,
    map: (raw, context) => [mapOwn(raw, context)],
    defaults: {
      originator: community,
      provider: community,
      custodian: community,
      marking: markingOf('CLEAR'),
      audience: noAudience,
      purposes,
      exercise: null,
      sourceUrl: null,
    },
    resolves: true,
    mapping: 1,
  };

  function mapOwn(raw: OwnRecord, context: MapContext): Mapped {
    const kind = byType.get(raw.kind);
    if (kind === undefined)
      throw new RejectError('WRONG_SHAPE', `kind: expected one of ${[...byType.keys()].join(', ')}`);
    const taken = takeContent(schema, kind, raw.content, context);
    if (!('content' in taken)) {
      const faults = taken.slice(0, 3).map(({ path, message }) => `content.${path.join('.')}: ${message}`);
      throw new RejectError('WRONG_SHAPE', faults.join('; '));
    }
    // A portion that names no field would mark nothing.
    const fields = contentInput(schema, kind.type).getFields();
    if (raw.portions?.some(({ path }) => !Object.hasOwn(fields, path)) === true)
      throw new RejectError('WRONG_SHAPE', 'portions: expected paths of fields of this kind');
    const { content, sortAt, belongsTo } = taken;
    const portions = raw.portions ?? [];
    const { names: keys } = namedIn(schema, kind, content, portions);
    const isMarked = (field?: string) => portions.some(({ path }) => path === field);
    return {
      kind: kind.type,
      localId: raw.localId,
      content,
      // The order of a list would disclose the marked field.
      sortAt: isMarked(kind.sortBy) ? null : sortAt,
      says: { ...saysOf(raw), ...kind.says?.(content) },
      names: keys,
      belongsTo: Object.fromEntries(
        Object.entries(belongsTo).map(([path, { type, id }]) => [path, { kind: type, localId: id }]),
      ),
    };
  }
}

/** Returns the values that a record gives for its envelope. */
function saysOf(raw: OwnRecord): NonNullable<Mapped['says']> {
  const { kind: _kind, localId: _localId, content: _content, portions, ...said } = raw;
  const present = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { ...present, ...(portions === undefined ? {} : { portions: portions.map(toPortion) }) };
}

function toPortion({
  path,
  marking: own,
  audience: ownAudience,
}: NonNullable<OwnRecord['portions']>[number]): Portion {
  const given = Object.fromEntries(
    Object.entries(own).filter(([, value]) => value !== undefined),
  ) as Partial<Marking>;
  const named = Object.fromEntries(
    Object.entries(ownAudience ?? {}).filter(([, value]) => value !== undefined),
  );
  return { path, marking: { ...markingOf(own.tlp), ...given }, audience: { ...noAudience, ...named } };
}
