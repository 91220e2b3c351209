import type { Text } from '../../../schema/record/envelope.ts';
import { vulnerabilityKey } from '../../../schema/record/keys.ts';
import type { MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { readMarking } from './csaf-marking.ts';
import { Products } from './csaf-products.ts';
import { type CsafDocument, csafShape, type CsafVulnerability } from './csaf-shape.ts';
import { publicDefaults } from './defaults.ts';

/**
 * CSAF 2.0 documents, including VEX. Each vulnerability of a document becomes a record. Its originator is the publisher,
 * identified by its namespace, or else the originator that the import sets. A document is imported as a whole or
 * rejected. Without a TLP label only originator and custodian read it, unless the import sets a label.
 */
export const csaf: Source<CsafDocument> = {
  name: 'csaf',
  title: 'CSAF 2.0 and VEX',
  expects: 'one JSON object per file, with "document" and in it "csaf_version"',
  locate: { at: 'whole' },
  recognise: (head) => /"document"\s*:\s*\{/.test(head) && /"csaf_version"\s*:/.test(head),
  shape: csafShape,
  map({ document, product_tree: tree, vulnerabilities }, context) {
    const products = new Products(tree);
    const says = envelopeOf(document, context);
    return (vulnerabilities ?? []).map((vulnerability, at): Mapped => {
      const content = toContent(document, vulnerability, products);
      return {
        kind: 'VulnerabilityRecord',
        localId: localIdOf(document, vulnerability, at),
        content,
        sortAt: content.publishedAt?.utc ?? null,
        says,
        names: content.vulnerability === null ? [] : [`Vulnerability:${content.vulnerability}`],
      };
    });
  },
  defaults: publicDefaults('csaf-publisher'),
  mapping: 2,
};

type Header = CsafDocument['document'];

/** Publishers by the host of their namespace (CSAF 2.0, section 3.2.1.8.5). */
const publishers: Readonly<Record<string, string>> = {
  'redhat.com': 'red-hat',
  'cisco.com': 'cisco',
  'bsi.bund.de': 'bsi-de',
};

function publisherOf({ publisher }: Header): string | null {
  const host = URL.parse(publisher.namespace)?.hostname.replace(/^www\./, '') ?? '';
  return Object.hasOwn(publishers, host) ? (publishers[host] ?? null) : null;
}

/** Reads the envelope. Only publisher and custodian read a draft; a later final version opens it. */
function envelopeOf(document: Header, { defaults }: MapContext): NonNullable<Mapped['says']> {
  const { status, initial_release_date: released, current_release_date: current } = document.tracking;
  const own = (document.references ?? []).find(({ category, url }) => category === 'self' && isWeb(url));
  return {
    originator: publisherOf(document) ?? defaults.originator,
    sourceUrl: own?.url ?? defaults.sourceUrl,
    marking: readMarking(document, defaults),
    recordState: status === 'draft' ? 'DRAFT' : 'ACTIVE',
    reportedAt: parseTime(released),
    modifiedAt: parseTime(current),
  };
}

/** A tracking id is unique within the publisher's namespace (CSAF 2.0, section 3.2.1.12.4). */
function localIdOf({ publisher, tracking }: Header, { cve, ids }: CsafVulnerability, at: number): string {
  const own = [cve, ids?.[0]?.text].find((id) => id) ?? String(at);
  return `${publisher.namespace} ${tracking.id} ${own.trim()}`;
}

function toContent(document: Header, vulnerability: CsafVulnerability, products: Products) {
  const lang = document.lang ?? null;
  const { title, cwe, references, threats } = vulnerability;
  const { initial_release_date: released, current_release_date: current } = document.tracking;
  const impacts = (threats ?? []).filter(({ category }) => category === 'impact');
  return {
    ...readIds(vulnerability),
    title: { value: title ?? document.title, lang },
    description: descriptionOf(vulnerability, lang),
    state: 'PUBLISHED',
    publishedAt: parseTime(vulnerability.release_date ?? released),
    updatedAt: parseTime(current),
    cwes: cwe ? [cwe.id] : [],
    cvss: scoresOf(vulnerability, document.publisher.name),
    products: products.of(vulnerability),
    remediations: remediationsOf(vulnerability, lang),
    impact: joinTexts(
      impacts.map(({ details }) => details),
      lang,
    ),
    references: [...new Set((references ?? []).map(({ url }) => url))].filter(isWeb),
  };
}

/** The content of a vulnerability record that comes from CSAF. */
export type CsafContent = ReturnType<typeof toContent>;

function readIds({ cve, ids }: CsafVulnerability) {
  const cveId = cve ? idOf(cve, 'CVE-') : null;
  if (cve && cveId === null) throw new RejectError('WRONG_SHAPE', 'vulnerabilities.cve: expected a CVE id');
  const others = (ids ?? []).map(({ text }) => text.trim()).filter((text) => text !== '');
  const euvdId = others.map((text) => idOf(text, 'EUVD-')).find((id) => id !== null) ?? null;
  const aliases = [...new Set(others)].filter((text) => text.toUpperCase() !== euvdId);
  return { vulnerability: cveId ?? euvdId, cveId, euvdId, aliases };
}

function idOf(text: string, scheme: string): string | null {
  const id = vulnerabilityKey(text)?.slice('Vulnerability:'.length);
  return id?.startsWith(scheme) === true ? id : null;
}

/** Joins the notes of the first category that exists, from the most to the least specific. */
function descriptionOf({ notes }: CsafVulnerability, lang: string | null): Text | null {
  const chosen = ['description', 'summary', 'general', 'details'].find((known) =>
    notes?.some(({ category }) => category === known),
  );
  const texts = (notes ?? []).filter(({ category }) => category === chosen);
  return joinTexts(
    texts.map(({ text }) => text),
    lang,
  );
}

function joinTexts(texts: readonly string[], lang: string | null): Text | null {
  const value = [...new Set(texts.map((text) => text.trim()))].filter((text) => text !== '').join('\n\n');
  return value === '' ? null : { value, lang };
}

/** Returns each score once: a document repeats a score for each product. */
function scoresOf({ scores }: CsafVulnerability, scoredBy: string) {
  const all = (scores ?? []).flatMap(({ cvss_v3: v3, cvss_v2: v2 }) => [v3, v2]);
  const found = all.flatMap((one) => {
    if (!one) return [];
    const { version, vectorString: vector, baseScore: score, baseSeverity: severity } = one;
    return [{ version, vector: vector ?? null, score, severity: severity ?? null, scoredBy }];
  });
  return [...new Map(found.map((one) => [`${one.version} ${one.vector} ${one.score}`, one])).values()];
}

const categories: Readonly<Record<string, string>> = {
  mitigation: 'MITIGATION',
  no_fix_planned: 'NO_FIX_PLANNED',
  none_available: 'NONE_AVAILABLE',
  vendor_fix: 'VENDOR_FIX',
  workaround: 'WORKAROUND',
};

function remediationsOf({ remediations }: CsafVulnerability, lang: string | null) {
  return (remediations ?? []).map(({ category: name, details, url }) => {
    const category = Object.hasOwn(categories, name) ? categories[name] : undefined;
    if (category === undefined)
      throw new RejectError(
        'WRONG_SHAPE',
        'vulnerabilities.remediations.category: expected a category of CSAF 2.0',
      );
    return { category, text: { value: details, lang }, url: url && isWeb(url) ? url : null };
  });
}

function isWeb(url: string): boolean {
  return url.length <= 2048 && /^https?:\/\/\S+$/i.test(url);
}
