import { z } from 'zod';
import type { Text, Time } from '../../../schema/record/envelope.ts';
import { actorKey, findCveIds, normaliseName, vulnerabilityKey } from '../../../schema/record/keys.ts';
import type { Source } from '../../serve/ingest/sources/source.ts';
import { parseTime, parseTimeOrNull } from '../../serve/ingest/sources/time.ts';
import type { RansomwareFamilyContent } from '../records.ts';
import { findDecryptor } from './decryptor.ts';
import { publicDefaults } from './defaults.ts';
import { galaxyWords, listWords } from './galaxy-words.ts';

/** The galaxy's members, with the spellings of them that occur in it. */
const meta = z.looseObject({
  synonyms: galaxyWords,
  date: z.string().nullish(),
  extensions: galaxyWords,
  extension: galaxyWords,
  ransomnotes: galaxyWords,
  ransomenotes: galaxyWords,
  'ransomnotes-filenames': galaxyWords,
  'ransomnotes-filesnames': galaxyWords,
  'ransomnotes-files': galaxyWords,
  'ransomenotes-files': galaxyWords,
  encryption: z.string().nullish(),
  Encryption: z.string().nullish(),
  'payment-method': z.string().nullish(),
  price: z.string().nullish(),
  refs: galaxyWords,
  links: galaxyWords,
});
const shape = z.looseObject({
  uuid: z.guid(),
  value: z.string(),
  description: z.string().nullish(),
  meta: meta.nullish(),
  related: z.array(z.looseObject({ 'dest-uuid': z.string(), type: z.string() })).nullish(),
});

/** One cluster of the MISP project's galaxy of ransomware. */
export type RansomwareCluster = z.infer<typeof shape>;

/** The MISP project's galaxy of ransomware families. Refuses a date that does not exist (WRONG_DATE). */
export const mispRansomware: Source<RansomwareCluster> = {
  name: 'misp-ransomware',
  title: 'MISP galaxy of ransomware',
  expects: 'a JSON object with "type": "ransomware" and an array "values"',
  locate: { at: 'member', name: 'values' },
  recognise: (head) => /"type"\s*:\s*"ransomware"/.test(head) && /"values"\s*:\s*\[/.test(head),
  shape,
  map(raw) {
    const content = toContent(raw);
    const { vulnerabilities, actors, firstSeen } = content;
    return [
      {
        kind: 'RansomwareFamily',
        localId: raw.uuid.toLowerCase(),
        content,
        sortAt: firstSeen?.utc ?? null,
        says: { observedAt: firstSeen },
        names: [...vulnerabilities.flatMap((id) => vulnerabilityKey(id) ?? []), ...actors],
      },
    ];
  },
  defaults: publicDefaults('misp-project'),
  mapping: 1,
};

function toContent(raw: RansomwareCluster): RansomwareFamilyContent {
  const said = raw.meta ?? {};
  const references = listWords(said.refs);
  return {
    name: raw.value,
    // Families are named by signs alone, too: such a name is found as it is written.
    nameKey: normaliseName(raw.value) ?? raw.value.trim(),
    synonyms: listWords(said.synonyms),
    description: raw.description ? toText(raw.description) : null,
    firstSeen: readFirstSeen(said.date),
    extensions: listWords(said.extensions, said.extension),
    ransomNotes: listWords(said.ransomnotes, said.ransomenotes).map(toText),
    ransomNoteFiles: listWords(
      said['ransomnotes-filenames'],
      said['ransomnotes-filesnames'],
      said['ransomnotes-files'],
      said['ransomenotes-files'],
    ),
    encryption: said.encryption ?? said.Encryption ?? null,
    paymentMethod: said['payment-method'] ?? null,
    price: said.price ?? null,
    decryptorAvailable: findDecryptor([...references, ...listWords(said.links)]),
    // The galaxy names a predecessor by an id that another record may explain, and only its name would say it here.
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
 * The galaxy writes months, and slips at times (`Febuary 2017`, `Nov. 21, 2016`, `December 2016/January 2017`): of
 * these the year is kept where there is one only. A day that does not exist is refused.
 */
function readFirstSeen(date: string | null | undefined): Time | null {
  const text = date?.trim() ?? '';
  if (text.length > 100 || isOneOfMonths(text) === false) return readYear(text);
  return parseTimeOrNull(text) ?? readYear(text);
}

/** Whether the word of a `month year` is a month; null for other forms. */
function isOneOfMonths(text: string): boolean | null {
  const word = /^([A-Za-z]+)[ /]\d{4}$/.exec(text)?.[1]?.toLowerCase();
  if (word === undefined) return null;
  return word.length >= 3 && months.some((month) => month.startsWith(word));
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
