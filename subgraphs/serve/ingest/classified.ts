/**
 * Finds a classification that a record *bears*: in a field or tag that marks it, or as a line of its own as banners
 * stand. A mention inside a sentence is none. Case, accents, widths and kinds of space make no difference.
 * Levels and their equivalents: Council Decision 2013/488/EU, appendix B; NATO C-M(2002)49.
 */
export function bearsClassification(record: unknown): boolean {
  return inspect(record, '');
}

const levels = [
  '(tres secret ue ?/ ?)?eu top secret|tres secret ue',
  '(secret ue ?/ ?)?eu secret|secret ue',
  '(confidentiel ue ?/ ?)?eu confidential|confidentiel ue',
  '(restreint ue ?/ ?)?eu restricted|restreint ue',
  'cosmic top secret( atomal)?',
  'nato (secret|confidential|restricted)( atomal)?',
  'vs ?- ?nfd|vs ?- ?nur fur den dienstgebrauch|vs ?- ?vertraulich|(vs ?- ?)?streng geheim|(vs ?- ?)?geheim',
  'diffusion restreinte|(tres )?secret defense|confidentiel defense',
  'stg\\. ?(geheim|zeer geheim|confidentieel)|departementaal vertrouwelijk',
  'riservatissimo|segretissimo|difusion limitada|zastrzezone|poufne|scisle tajne',
  '(uk )?official ?- ?sensitive|(uk|us|usa) (top secret|secret|confidential)|top secret( ?//.*)?|secret ?//.*|confidential ?//.*',
  'ts ?- ?ue/eu ?- ?ts|s ?- ?ue/eu ?- ?s|c ?- ?ue/eu ?- ?c|r ?- ?ue/eu ?- ?r',
].join('|');

/** A banner may stand between punctuation and may carry a release caveat behind it. */
const banner = new RegExp(
  `^[\\W_]*(classification ?:? ?)?(${levels})([ ,;/-]*(rel(easable)? ?to|releasable|noforn|eyes only).*)?[\\W_]*$`,
);
const anyLevel = new RegExp(
  `(^|[^a-z])(${levels}|top secret|secret|confidential|confidentiel|restricted|restreint|geheim|classified|classifie)($|[^a-z])`,
);
const notClassified = /^(none|unclassified|non classifie|public|unmarked|)$/;
const markingField =
  /^(security)?_?(classification|classificationlevel|classification_?marking|protective_?marking)$/i;
const classifyingTag =
  /^(de-vs|fr-classif|nato-?classification|nato|eu-?classification|euci|us-classification|classification|admin-classification|cccs-classification)[:=]/;

function inspect(value: unknown, field: string): boolean {
  if (typeof value === 'string') return isMarked(value, field);
  if (Array.isArray(value)) return value.some((item) => inspect(item, field));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => inspect(inner, key));
}

function isMarked(text: string, field: string): boolean {
  if (markingField.test(field)) return isLevelIn(plain(text));
  // A banner is short: long texts are looked at line by line only where a level's letters are in them at all.
  if (text.length < 80) return isBanner(plain(text));
  return (
    hint.test(text) &&
    text.split(/\r?\n|\r|\u2028|<br ?\/?>/i).some((line) => line.length < 120 && isBanner(plain(line)))
  );
}

const hint =
  /secret|s[ée]cret|restrict|restreint|confiden|geheim|nfd|dienstgebrauch|vertrau|ue\/eu|tajne|poufne|zastrz|limitada|segretis|riserva|[\uff21-\uff5a]/i;

function isBanner(line: string): boolean {
  return banner.test(line) || (classifyingTag.test(line) && tagLevel(line));
}

function tagLevel(tag: string): boolean {
  const value = tag.slice(tag.search(/[:=]/) + 1).replaceAll(/["']/g, '');
  const level = value.includes('=') ? value.slice(value.indexOf('=') + 1) : value;
  return !notClassified.test(level.trim()) && !/(^|[^a-z])(unclassified|nu|public)($|[^a-z])/.test(level);
}

function isLevelIn(text: string): boolean {
  return !notClassified.test(text) && anyLevel.test(text);
}

/** Without case, accents, full-width letters and unusual spaces. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\p{M}\u200b-\u200d\u2060\ufeff]/gu, '')
    .replaceAll(/[\u2010-\u2015]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
