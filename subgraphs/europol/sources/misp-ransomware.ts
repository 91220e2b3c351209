import { z } from 'zod';
import type { Text, Time } from '../../../schema/record/envelope.ts';
import { actorKey, findCveIds, normaliseName, vulnerabilityKey } from '../../../schema/record/keys.ts';
import { editionOfGalaxy, isWithdrawn, withdrawnFlags } from '../../serve/ingest/sources/galaxy.ts';
import { orWarn } from '../../serve/ingest/sources/fields.ts';
import type { MapContext, Source } from '../../serve/ingest/sources/source.ts';
import { parseTime, parseTimeOrNull } from '../../serve/ingest/sources/time.ts';
import { findDecryptor } from './decryptor.ts';
import { publicDefaults } from './defaults.ts';
import { stringOrList, toList } from './galaxy-lists.ts';

/** The members of a cluster's meta, in every spelling that occurs in the galaxy. */
const meta = z.looseObject({
  synonyms: stringOrList,
  date: z.string().nullish(),
  extensions: stringOrList,
  extension: stringOrList,
  ransomnotes: stringOrList,
  ransomenotes: stringOrList,
  'ransomnotes-filenames': stringOrList,
  'ransomnotes-filesnames': stringOrList,
  'ransomnotes-files': stringOrList,
  'ransomenotes-files': stringOrList,
  encryption: z.string().nullish(),
  Encryption: z.string().nullish(),
  'payment-method': z.string().nullish(),
  price: z.string().nullish(),
  refs: stringOrList,
  links: stringOrList,
});
const shape = z.looseObject({
  ...withdrawnFlags,
  uuid: z.guid(),
  value: z.string(),
  description: z.string().nullish(),
  meta: meta.nullish(),
  related: z.array(z.looseObject({ 'dest-uuid': z.string(), type: z.string() })).nullish(),
});

/** One cluster of the ransomware galaxy of the MISP project. */
export type RansomwareCluster = z.infer<typeof shape>;

/** The ransomware galaxy of the MISP project. */
export const mispRansomware: Source<RansomwareCluster> = {
  name: 'misp-ransomware',
  title: 'MISP galaxy of ransomware',
  expects: 'a JSON object with "type": "ransomware" and an array "values"',
  locate: { at: 'member', name: 'values' },
  recognise: (head) => /"type"\s*:\s*"ransomware"/.test(head) && /"values"\s*:\s*\[/.test(head),
  shape,
  tolerates: { strict: ['uuid', 'revoked', 'deleted'] },
  edition: editionOfGalaxy,
  map(raw, context) {
    const content = toContent(raw, context);
    const { vulnerabilities, actors, firstSeen } = content;
    return [
      {
        kind: 'RansomwareFamily',
        localId: raw.uuid.toLowerCase(),
        content,
        sortAt: firstSeen?.utc ?? null,
        says: { observedAt: firstSeen },
        names: [...vulnerabilities.flatMap((id) => vulnerabilityKey(id) ?? []), ...actors],
        ...(isWithdrawn(raw) ? { withdrawn: true as const } : {}),
      },
    ];
  },
  defaults: publicDefaults('misp-project'),
  mapping: 2,
};

function toContent(raw: RansomwareCluster, context: MapContext) {
  const details = raw.meta ?? {};
  const references = toList(details.refs);
  return {
    name: raw.value,
    // Some names have only punctuation, which normalisation removes: they are found as written.
    nameKey: normaliseName(raw.value) ?? raw.value.trim(),
    synonyms: toList(details.synonyms),
    description: raw.description ? toText(raw.description) : null,
    firstSeen: orWarn(context, 'meta.date', details.date, () => readFirstSeen(details.date)),
    extensions: toList(details.extensions, details.extension),
    ransomNotes: toList(details.ransomnotes, details.ransomenotes).map(toText),
    ransomNoteFiles: toList(
      details['ransomnotes-filenames'],
      details['ransomnotes-filesnames'],
      details['ransomnotes-files'],
      details['ransomenotes-files'],
    ),
    encryption: details.encryption ?? details.Encryption ?? null,
    paymentMethod: details['payment-method'] ?? null,
    price: details.price ?? null,
    decryptorAvailable: findDecryptor([...references, ...toList(details.links)]),
    // The galaxy gives a predecessor by its id. The field needs its name, which this cluster does not have.
    successorOf: [],
    operationalState: null,
    vulnerabilities: findCveIds([raw.description ?? '', ...references].join('\n')),
    actors: findActors(raw),
    references,
  };
}

function toText(value: string): Text {
  return { value, lang: null };
}

/**
 * Reads the first sighting. Some dates have no known form, such as `Febuary 2017` or `December 2016/January 2017`: the
 * year is kept if there is exactly one. Throws WRONG_DATE for a day that does not exist.
 */
function readFirstSeen(date: string | null | undefined): Time | null {
  const text = date?.trim() ?? '';
  if (text.length > 100 || startsWithMonth(text) === false) return readYear(text);
  return parseTimeOrNull(text) ?? readYear(text);
}

/** Returns whether the first part of `month year` is a month. Null for other forms. */
function startsWithMonth(text: string): boolean | null {
  const month = /^([A-Za-z]+)[ /]\d{4}$/.exec(text)?.[1]?.toLowerCase();
  if (month === undefined) return null;
  return month.length >= 3 && months.some((name) => name.startsWith(month));
}

const months = 'january february march april may june july august september october november december'.split(
  ' ',
);

function readYear(text: string): Time | null {
  const years = new Set(text.match(/(?<!\d)(?:19|20)\d{2}(?!\d)/g));
  return years.size === 1 ? parseTime([...years].join('')) : null;
}

function findActors({ related }: RansomwareCluster): readonly string[] {
  const users = (related ?? []).filter(({ type }) => type === 'used-by');
  const keys = users.flatMap((one) =>
    uuid.test(one['dest-uuid']) ? (actorKey({ uuid: one['dest-uuid'] }) ?? []) : [],
  );
  return [...new Set(keys)];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
