import { z } from 'zod';
import { findCveIds, vulnerabilityKey } from '../../../schema/record/keys.ts';
import type { Time } from '../../../schema/record/envelope.ts';
import { atPath, orWarn } from '../../serve/ingest/sources/fields.ts';
import type { MapContext, Source } from '../../serve/ingest/sources/source.ts';
import type { Revision } from '../../serve/record/revision.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';
import { readExploited } from './exploited.ts';
import { cutSections, type Section, topLevel } from './markdown.ts';

const shape = z.looseObject({
  title: z.string(),
  serial_number: z.string(),
  publish_date: z.string(),
  description: z.string().nullish(),
  content_markdown: z.string(),
  file_item: z.looseObject({ filename: z.string().nullish() }).nullish(),
  licence: z.looseObject({ title: z.string().nullish() }).nullish(),
});

/** One security advisory as published on CERT-EU's site. */
export type CertEuAdvisory = z.infer<typeof shape>;

/**
 * The security advisories of CERT-EU, one per file. Rejects a serial number that is not YYYY-NNN (WRONG_SHAPE) and a
 * date that does not exist (WRONG_DATE).
 */
export const certEuAdvisory: Source<CertEuAdvisory> = {
  name: 'cert-eu-advisory',
  title: 'CERT-EU advisories',
  expects: 'one JSON object per file, with "serial_number", "publish_date" and "content_markdown"',
  locate: { at: 'whole' },
  recognise: (head) => /"serial_number"\s*:/.test(head) && /"publish_date"\s*:/.test(head),
  shape,
  tolerates: { strict: ['serial_number'] },
  map(raw, context) {
    const content = toContent(raw, context);
    const { publishedAt, vulnerabilities } = content;
    return [
      {
        kind: 'Advisory',
        localId: content.serial,
        content,
        sortAt: publishedAt.utc,
        says: { reportedAt: publishedAt },
        names: vulnerabilities.flatMap((id) => vulnerabilityKey(id) ?? []),
        revision: revisionOf(publishedAt, content.versions),
      },
    ];
  },
  defaults: publicDefaults('cert-eu'),
  mapping: 2,
};

function toContent(raw: CertEuAdvisory, context: MapContext) {
  const markdown = raw.content_markdown;
  const top = topLevel(markdown, (title) => partOfTitle(title) !== null);
  const sections = cutSections(markdown, (title, level) => startsPart(title, level, top));
  const whole = [raw.title, raw.description ?? '', markdown].join('\n\n');
  const text = (part: Part) => toText(sections.filter((section) => partOf(section) === part));
  return {
    serial: readSerial(raw.serial_number),
    title: { value: raw.title, lang: 'en' },
    versions: readVersions(markdown, context),
    publishedAt: atPath('publish_date', () => parseTime(raw.publish_date)),
    summary: text('summary') ?? toText([{ body: raw.description ?? '' }]),
    technicalDetails: text('technicalDetails'),
    affectedProducts: text('affectedProducts'),
    recommendations: text('recommendations'),
    vulnerabilities: findNamedCves(whole),
    exploitedInTheWild: readExploited(whole),
    references: findReferences(text('references')?.value ?? ''),
    licence: raw.licence?.title ?? null,
    file: toFile(raw.file_item?.filename),
  };
}

function readSerial(serial: string): string {
  if (!/^\d{4}-\d{3,4}$/.test(serial))
    throw new RejectError('WRONG_SHAPE', 'serial_number: expected YYYY-NNN');
  return serial;
}

/** The content of an advisory that comes from CERT-EU's site. */
export type AdvisoryContent = ReturnType<typeof toContent>;

type Part = 'summary' | 'technicalDetails' | 'affectedProducts' | 'recommendations' | 'references';

/** The forms of the headings in the advisories since 2017, including misspelled ones. The first that matches counts. */
const headings: readonly (readonly [RegExp, Part])[] = [
  [/^(?:executive )?summary$|^overview$|^introduction$/, 'summary'],
  [
    /^tech\w*cal (?:details?|analysis|information|description)$|^(?:vulnerability|further) details?$/,
    'technicalDetails',
  ],
  [
    /^(?:affected|vulnerable|impacted) (?:products?|versions?|systems?|software|devices?)\b|^(?:products?|versions?|systems?) (?:and \w+ )?(?:affected|impacted)$/,
    'affectedProducts',
  ],
  [
    /^rec+om+[ae]nd\w*\b|^(?:remediations?|mitigations?|workarounds?|solutions?|fix(?:es)?|patch(?:es|ing)?)(?: (?:and|or|&) (?:remediations?|mitigations?|workarounds?|recommendations?|solutions?|fix(?:es)?|patch(?:es|ing)?))?$/,
    'recommendations',
  ],
  [/^references?$|^sources$/, 'references'],
];

function partOfTitle(title: string): Part | null {
  return headings.find(([pattern]) => pattern.test(title))?.[1] ?? null;
}

function partOf({ title }: Section): Part | null {
  return partOfTitle(title);
}

/**
 * Returns whether a heading starts a part. Any other heading, such as `Detection`, stays in the text of its part. `top` is
 * the level of the highest headings of parts: some advisories begin with their title.
 */
function startsPart(title: string, level: number, top: number): boolean {
  const part = partOfTitle(title);
  return part !== null && (level === top || part === 'references' || title === 'affected products');
}

function toText(parts: readonly { readonly body: string }[]): { value: string; lang: string } | null {
  const value = parts
    .map(({ body }) => body)
    .filter((body) => body !== '')
    .join('\n\n');
  return value === '' ? null : { value, lang: 'en' };
}

/** Reads the lines of the history, such as `* _21/07/2025 --- v1.0 -- Initial publication_`. */
function readVersions(markdown: string, context: MapContext) {
  const lines = markdown.split('\n').flatMap((line) => {
    const match = line.length > maxHistoryLine ? null : historyLine.exec(line);
    return match === null ? [] : [match];
  });
  return lines.map(([, day = '', version = '', change = ''], at) => ({
    version,
    date: orWarn(context, `content_markdown.history.${at}`, day, () => parseTime(withZeros(day))),
    change,
  }));
}

/** Writes `1/7/2025` and `1.7.2025` as `01/07/2025`. */
function withZeros(day: string): string {
  return day
    .split(/[/.-]/)
    .map((part) => part.padStart(2, '0'))
    .join('/');
}

const separator = String.raw`\s*(?:-{1,4}|[–—:])\s*`;
const historyLine = new RegExp(
  String.raw`^\s*[*+-]\s*[_*]{0,3}((?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4})|(?:\d{4}[/-]\d{1,2}[/-]\d{1,2}))${separator}` +
    String.raw`v(?:ersion)?\.?\s?(\d[^\s:]*?)(?:${separator}(.*?))?[_*]{0,3}\s*$`,
  'i',
);
const maxHistoryLine = 500;

/** Orders the versions of an advisory by the latest date of its history, then by the number of its lines. */
function revisionOf(publishedAt: Time, versions: readonly { readonly date: Time | null }[]): Revision {
  const days = versions.flatMap(({ date }) => date?.utc.getTime() ?? []);
  return [Math.max(publishedAt.utc.getTime(), ...days), versions.length];
}

/**
 * Finds the CVE ids in an advisory, in any case. In web addresses only upper-case ids count: advisory 2023-059 is about
 * another CVE than the lower-case one in the address of a page that it links to.
 */
function findNamedCves(text: string): readonly string[] {
  const cleaned = text.replaceAll(/https?:\/\/[^\s<>"]+/gi, (url) => url.replaceAll(/cve-/g, ''));
  return findCveIds(cleaned);
}

function findReferences(text: string): readonly string[] {
  const found = text.match(/https?:\/\/[^\s<>"]+/gi) ?? [];
  const urls = found.filter((url) => url.length <= maxUrl);
  return [...new Set(urls.map((url) => url.replace(/[.,;]+$/, '')))];
}

const maxUrl = 2048;

function toFile(name: string | null | undefined) {
  return name ? { sha256: null, size: null, mediaType: 'application/pdf', name } : null;
}
