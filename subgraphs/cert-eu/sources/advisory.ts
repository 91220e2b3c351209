import { z } from 'zod';
import { findCveIds, vulnerabilityKey } from '../../../schema/record/keys.ts';
import type { Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime, parseTimeOrNull } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';
import { readExploited } from './exploited.ts';
import { cutSections, type Section } from './markdown.ts';

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
  map(raw) {
    const content = toContent(raw);
    const { publishedAt, vulnerabilities } = content;
    return [
      {
        kind: 'Advisory',
        localId: content.serial,
        content,
        sortAt: publishedAt.utc,
        says: { reportedAt: publishedAt },
        names: vulnerabilities.flatMap((id) => vulnerabilityKey(id) ?? []),
      },
    ];
  },
  defaults: publicDefaults('cert-eu'),
  mapping: 1,
};

function toContent(raw: CertEuAdvisory) {
  const markdown = raw.content_markdown;
  const sections = cutSections(markdown, startsPart);
  const whole = [raw.title, raw.description ?? '', markdown].join('\n\n');
  const text = (part: Part) => toText(sections.filter((section) => partOf(section) === part));
  return {
    serial: readSerial(raw.serial_number),
    title: { value: raw.title, lang: 'en' },
    versions: readVersions(markdown),
    publishedAt: parseTime(raw.publish_date),
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

/** The headings that occur in the advisories, including misspelled ones. */
const headings: Readonly<Record<string, Part>> = {
  summary: 'summary',
  'technical details': 'technicalDetails',
  'technical detail': 'technicalDetails',
  'affected products': 'affectedProducts',
  'products affected': 'affectedProducts',
  recommendations: 'recommendations',
  recommandations: 'recommendations',
  'recommendations and mitigation': 'recommendations',
  remediation: 'recommendations',
  mitigations: 'recommendations',
  workarounds: 'recommendations',
  references: 'references',
};

function partOf({ title }: Section): Part | null {
  return Object.hasOwn(headings, title) ? (headings[title] ?? null) : null;
}

/** Returns true for a heading that starts a part. Any other heading, such as `Detection`, stays in the text of its part. */
function startsPart(title: string, level: number): boolean {
  return (
    Object.hasOwn(headings, title) && (level === 1 || title === 'references' || title === 'affected products')
  );
}

function toText(parts: readonly { readonly body: string }[]): { value: string; lang: string } | null {
  const value = parts
    .map(({ body }) => body)
    .filter((body) => body !== '')
    .join('\n\n');
  return value === '' ? null : { value, lang: 'en' };
}

/** Reads the lines of the history, such as `* _21/07/2025 --- v1.0 -- Initial publication_`. */
function readVersions(markdown: string) {
  return markdown.split('\n').flatMap((line) => {
    const match = line.length > maxHistoryLine ? null : historyLine.exec(line);
    const [, day = '', month = '', year = '', version = '', change = ''] = match ?? [];
    const date = parseTimeOrNull(`${day.padStart(2, '0')}/${month.padStart(2, '0')}/${year}`);
    return match === null ? [] : [{ version, date, change }];
  });
}

const historyLine = /^\s*[*-]\s*_?(\d{1,2})\/(\d{1,2})\/(\d{4}) -+ v\.?(\S+) -+ (.*?)_?\s*$/;
const maxHistoryLine = 500;

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
