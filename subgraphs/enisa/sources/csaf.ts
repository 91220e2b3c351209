import type { Text } from '../../../schema/record/envelope.ts';
import { vulnerabilityKey } from '../../../schema/record/keys.ts';
import { atPath, orWarn } from '../../serve/ingest/sources/fields.ts';
import { type MapContext, type Mapped, placeOf, type Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { revisionOf, type Revision } from '../../serve/record/revision.ts';
import { readMarking } from './csaf-marking.ts';
import { Products } from './csaf-products.ts';
import { type CsafDocument, csafShape, csafTolerance, type CsafVulnerability } from './csaf-shape.ts';
import { publicDefaults } from './defaults.ts';
import { publisherOf } from './publishers.ts';

/**
 * CSAF 2.0 documents, including VEX. Each vulnerability of a document becomes a record, and so does an advisory without
 * vulnerabilities. Its originator is the publisher,
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
  tolerates: csafTolerance,
  map({ document, product_tree: tree, vulnerabilities }, context) {
    const products = new Products(tree);
    const says = envelopeOf(document, context);
    refuseRepeatedCves(vulnerabilities ?? [], says);
    const all = vulnerabilities?.length ? vulnerabilities : [undefined];
    const records = all.map((vulnerability, at): Mapped => {
      const path = `vulnerabilities.${at}`;
      const content =
        vulnerability === undefined
          ? informationOf(document)
          : toContent(document, vulnerability, products, { context, path });
      return {
        kind: 'VulnerabilityRecord',
        localId: localIdOf(document, vulnerability, at),
        content,
        sortAt: content.publishedAt?.utc ?? null,
        says,
        names: keysOf(content),
      };
    });
    const part = { id: documentIdOf(document), parts: new Set(records.map(placeOf)) };
    const revision = revisionOfDocument(document);
    return records.map((record) => ({ ...record, revision, document: part }));
  },
  defaults: publicDefaults('csaf-publisher'),
  mapping: 3,
};

type Header = CsafDocument['document'];

/** Reads the envelope. Only publisher and custodian read a draft; a later final version opens it. */
function envelopeOf(document: Header, { defaults }: MapContext): NonNullable<Mapped['says']> {
  const { status, initial_release_date: released, current_release_date: current } = document.tracking;
  const own = (document.references ?? []).find(({ category, url }) => category === 'self' && isWeb(url));
  return {
    originator: publisherOf(document.publisher.namespace) ?? defaults.originator,
    sourceUrl: own?.url ?? defaults.sourceUrl,
    marking: readMarking(document, defaults),
    recordState: status === 'draft' ? 'DRAFT' : 'ACTIVE',
    reportedAt: atPath('document.tracking.initial_release_date', () => parseTime(released)),
    modifiedAt: atPath('document.tracking.current_release_date', () => parseTime(current)),
  };
}

/** Orders the versions of a document by their date, then by their number. */
function revisionOfDocument({ tracking }: Header): Revision {
  const { current_release_date: current, version } = tracking;
  return [parseTime(current).utc.getTime(), ...(revisionOf(version ?? '') ?? [])];
}

/** Refuses a document with one CVE id twice (CSAF 2.0, section 6.1.23), since each id can have only one record. */
function refuseRepeatedCves(
  vulnerabilities: readonly CsafVulnerability[],
  { marking }: NonNullable<Mapped['says']>,
): void {
  const met = new Set<string>();
  for (const [at, { cve }] of vulnerabilities.entries()) {
    const id = cve?.trim().toUpperCase() ?? '';
    if (id !== '' && met.has(id)) {
      const isPublic = marking?.tlp === 'CLEAR' && vulnerabilityKey(id) !== null;
      throw new RejectError(
        'WRONG_SHAPE',
        `vulnerabilities.${at}.cve: expected each CVE id once (CSAF 2.0, section 6.1.23)` +
          (isPublic ? `, got ${id} again` : ', got one again'),
      );
    }
    met.add(id);
  }
}

/** A tracking id is unique within the publisher's namespace (CSAF 2.0, section 3.2.1.12.4). */
function localIdOf(document: Header, vulnerability: CsafVulnerability | undefined, at: number): string {
  if (vulnerability === undefined) return documentIdOf(document);
  const own = [vulnerability.cve, vulnerability.ids?.[0]?.text].find((id) => id) ?? String(at);
  return `${documentIdOf(document)} ${own.trim()}`;
}

function documentIdOf({ publisher, tracking }: Header): string {
  return `${publisher.namespace} ${tracking.id}`;
}

/** Returns the content of an advisory without vulnerabilities. */
function informationOf(document: Header): CsafContent {
  const { initial_release_date: released, current_release_date: current } = document.tracking;
  const lang = document.lang ?? null;
  return {
    vulnerability: null,
    cveId: null,
    euvdId: null,
    aliases: [],
    title: { value: document.title, lang },
    description: descriptionOf(document, lang),
    state: 'PUBLISHED',
    publishedAt: parseTime(released),
    updatedAt: parseTime(current),
    cwes: [],
    cvss: [],
    products: [],
    remediations: [],
    impact: null,
    references: [...new Set((document.references ?? []).map(({ url }) => url))].filter(isWeb),
  };
}

/** The context of a mapping, and the path of the mapped part. */
type Place = { readonly context: MapContext; readonly path: string };

function toContent(
  document: Header,
  vulnerability: CsafVulnerability,
  products: Products,
  { context, path }: Place,
) {
  const lang = document.lang ?? null;
  const { title, cwe, references, threats } = vulnerability;
  const { initial_release_date: released, current_release_date: current } = document.tracking;
  const { release_date: day } = vulnerability;
  const releasedAt = day ? orWarn(context, `${path}.release_date`, day, () => parseTime(day)) : null;
  const impacts = (threats ?? []).filter(({ category }) => category === 'impact');
  return {
    ...readIds(vulnerability, path),
    title: { value: title ?? document.title, lang },
    description: descriptionOf(vulnerability, lang),
    state: 'PUBLISHED',
    publishedAt: releasedAt ?? parseTime(released),
    updatedAt: parseTime(current),
    cwes: cwe ? [cwe.id] : [],
    cvss: scoresOf(vulnerability, document.publisher.name, { context, path }),
    products: products.of(vulnerability),
    remediations: remediationsOf(vulnerability, lang, { context, path }),
    impact: joinTexts(
      impacts.map(({ details }) => details),
      lang,
    ),
    references: [...new Set((references ?? []).map(({ url }) => url))].filter(isWeb),
  };
}

/** The content of a vulnerability record that comes from CSAF. */
export type CsafContent = ReturnType<typeof toContent>;

function readIds({ cve, ids }: CsafVulnerability, path: string) {
  const cveId = cve ? idOf(cve, 'CVE-') : null;
  if (cve && cveId === null) throw new RejectError('WRONG_SHAPE', `${path}.cve: expected a CVE id`);
  const others = (ids ?? []).map(({ text }) => text.trim()).filter((text) => text !== '');
  const euvdId = others.map((text) => idOf(text, 'EUVD-')).find((id) => id !== null) ?? null;
  const aliases = [...new Set(others)].filter((text) => text.toUpperCase() !== euvdId);
  return { vulnerability: cveId ?? euvdId, cveId, euvdId, aliases };
}

/** Returns the keys of both ids, so that a record is found by its EUVD id without an alias table. */
function keysOf({ cveId, euvdId }: Pick<CsafContent, 'cveId' | 'euvdId'>): readonly string[] {
  return [cveId, euvdId].flatMap((id) => (id === null ? [] : [`Vulnerability:${id}`]));
}

function idOf(text: string, scheme: string): string | null {
  const id = vulnerabilityKey(text)?.slice('Vulnerability:'.length);
  return id?.startsWith(scheme) === true ? id : null;
}

/** Joins the notes of the first category that exists, from the most to the least specific. */
function descriptionOf({ notes }: Pick<CsafVulnerability, 'notes'>, lang: string | null): Text | null {
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
function scoresOf({ scores }: CsafVulnerability, scoredBy: string, { context, path }: Place) {
  for (const [at, score] of (scores ?? []).entries()) {
    for (const name of Object.keys(score)) {
      if (knownInScore.has(name)) continue;
      const message = 'expected a score of CVSS 2.0, 3.0, 3.1 or 4.0';
      context.warn?.({ path: `${path}.scores.${at}`, value: name, message });
    }
  }
  const all = (scores ?? []).flatMap(({ cvss_v4: v4, cvss_v3: v3, cvss_v2: v2 }) => [v4, v3, v2]);
  const found = all.flatMap((one) => {
    if (!one) return [];
    const { version, vectorString: vector, baseScore: score, baseSeverity: severity } = one;
    return [{ version, vector: vector ?? null, score, severity: severity ?? null, scoredBy }];
  });
  return [...new Map(found.map((one) => [`${one.version} ${one.vector} ${one.score}`, one])).values()];
}

const knownInScore: ReadonlySet<string> = new Set(['products', 'cvss_v2', 'cvss_v3', 'cvss_v4']);

const categories: Readonly<Record<string, string>> = {
  mitigation: 'MITIGATION',
  no_fix_planned: 'NO_FIX_PLANNED',
  none_available: 'NONE_AVAILABLE',
  vendor_fix: 'VENDOR_FIX',
  workaround: 'WORKAROUND',
};

function remediationsOf({ remediations }: CsafVulnerability, lang: string | null, { context, path }: Place) {
  return (remediations ?? []).flatMap(({ category: name, details, url }, at) => {
    const category = Object.hasOwn(categories, name) ? categories[name] : undefined;
    if (category === undefined) {
      const message = 'expected a category of CSAF 2.0';
      const where = `${path}.remediations.${at}.category`;
      context.warn?.({ path: where, value: name, message, isItem: true });
      return [];
    }
    return { category, text: { value: details, lang }, url: url && isWeb(url) ? url : null };
  });
}

function isWeb(url: string): boolean {
  return url.length <= 2048 && /^https?:\/\/\S+$/i.test(url);
}
