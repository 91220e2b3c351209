import type { Text } from '../../../schema/record/envelope.ts';
import { vulnerabilityKey } from '../../../schema/record/keys.ts';
import type { MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import type { Remediation, VulnerabilityRecordContent } from '../records.ts';
import { readMarking } from './csaf-marking.ts';
import { Products } from './csaf-products.ts';
import { type CsafDocument, csafShape, type CsafVulnerability } from './csaf-shape.ts';
import { publicDefaults } from './defaults.ts';

/**
 * CSAF 2.0, VEX among its profiles: a record for each vulnerability of a document, under its publisher where that is
 * known by its namespace, and otherwise under the originator that is given. A document is taken whole or not at all. One
 * without a TLP label is for its originator and its custodian alone, unless the import is told its colour.
 */
export const csaf: Source<CsafDocument> = {
  name: 'csaf',
  title: 'CSAF 2.0 and VEX',
  expects: 'one JSON object a file, with "document" and in it "csaf_version"',
  locate: { at: 'whole' },
  recognise: (head) => /"document"\s*:\s*\{/.test(head) && /"csaf_version"\s*:/.test(head),
  shape: csafShape,
  map({ document, product_tree: tree, vulnerabilities }, context) {
    const products = new Products(tree);
    const says = saysOf(document, context);
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

/** Publishers by the host of their namespace, which CSAF makes their own (section 3.1.7.5). */
const publishers: Readonly<Record<string, string>> = {
  'redhat.com': 'red-hat',
  'cisco.com': 'cisco',
  'bsi.bund.de': 'bsi-de',
};

function publisherOf({ publisher }: Header): string | null {
  const host = URL.parse(publisher.namespace)?.hostname.replace(/^www\./, '') ?? '';
  return Object.hasOwn(publishers, host) ? (publishers[host] ?? null) : null;
}

/** A draft is for its publisher and its custodian alone, until a later version of it is final. */
function saysOf(document: Header, { defaults }: MapContext): NonNullable<Mapped['says']> {
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

/** A tracking id is unique within its publisher's namespace (section 3.2.1.12.4). */
function localIdOf({ publisher, tracking }: Header, { cve, ids }: CsafVulnerability, at: number): string {
  const own = [cve, ids?.[0]?.text].find((id) => id) ?? String(at);
  return `${publisher.namespace} ${tracking.id} ${own.trim()}`;
}

type Content = Omit<VulnerabilityRecordContent, 'vulnerability'> & { readonly vulnerability: string | null };

function toContent(document: Header, vulnerability: CsafVulnerability, products: Products): Content {
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

function readIds({
  cve,
  ids,
}: CsafVulnerability): Pick<Content, 'vulnerability' | 'cveId' | 'euvdId' | 'aliases'> {
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

/** The notes of the most telling kind that there are. */
function descriptionOf({ notes }: CsafVulnerability, lang: string | null): Text | null {
  const kind = ['description', 'summary', 'general', 'details'].find((known) =>
    notes?.some(({ category }) => category === known),
  );
  const telling = (notes ?? []).filter(({ category }) => category === kind);
  return joinTexts(
    telling.map(({ text }) => text),
    lang,
  );
}

function joinTexts(texts: readonly string[], lang: string | null): Text | null {
  const value = [...new Set(texts.map((text) => text.trim()))].filter((text) => text !== '').join('\n\n');
  return value === '' ? null : { value, lang };
}

/** One score for each vector: a document may give the same for one product after another. */
function scoresOf({ scores }: CsafVulnerability, scoredBy: string): Content['cvss'] {
  const all = (scores ?? []).flatMap(({ cvss_v3: v3, cvss_v2: v2 }) => [v3, v2]);
  const found = all.flatMap((one): Content['cvss'] => {
    if (!one) return [];
    const { version, vectorString: vector, baseScore: score, baseSeverity: severity } = one;
    return [{ version, vector: vector ?? null, score, severity: severity ?? null, scoredBy }];
  });
  return [...new Map(found.map((one) => [`${one.version} ${one.vector} ${one.score}`, one])).values()];
}

const categories: Readonly<Record<string, Remediation['category']>> = {
  mitigation: 'MITIGATION',
  no_fix_planned: 'NO_FIX_PLANNED',
  none_available: 'NONE_AVAILABLE',
  vendor_fix: 'VENDOR_FIX',
  workaround: 'WORKAROUND',
};

function remediationsOf({ remediations }: CsafVulnerability, lang: string | null): readonly Remediation[] {
  return (remediations ?? []).map(({ category: word, details, url }) => {
    const category = Object.hasOwn(categories, word) ? categories[word] : undefined;
    if (category === undefined)
      throw new RejectError('WRONG_SHAPE', 'vulnerabilities.remediations.category: expected one of CSAF 2.0');
    return { category, text: { value: details, lang }, url: url && isWeb(url) ? url : null };
  });
}

function isWeb(url: string): boolean {
  return url.length <= 2048 && /^https?:\/\/\S+$/i.test(url);
}
