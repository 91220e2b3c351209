import type { Marking } from '../../../schema/record/envelope.ts';
import { readMarkingTag } from '../../serve/record/marking-tag.ts';
import type { Defaults } from '../../serve/ingest/sources/source.ts';
import type { CsafDocument } from './csaf-shape.ts';

type Header = CsafDocument['document'];

/**
 * Reads the marking of a document (CSAF 2.0, section 3.2.1.5). The labels are those of TLP 1.0: WHITE becomes CLEAR, and
 * `rawTlp` keeps the original. A document without a label is AMBER, like a STIX bundle, unless the import sets a
 * label. A distribution text that is not a known licence or copyright line becomes an extra restriction, which no
 * reader passes until the policy has a rule for it. With WHITE or CLEAR, a statement of no limit restricts nothing either.
 * Throws WRONG_MARKING.
 */
export function readMarking(
  { distribution, publisher }: Pick<Header, 'distribution' | 'publisher'>,
  { isTlpGiven }: Pick<Defaults, 'isTlpGiven'>,
): Partial<Marking> {
  const label = distribution?.tlp?.label;
  const text = distribution?.text?.trim() ?? '';
  const unlabelled: Partial<Marking> = isTlpGiven === true ? {} : { tlp: 'AMBER' };
  const marking = label === undefined ? unlabelled : readLabel(label);
  const isFree = isTerms(text, publisher.name, marking.tlp === 'CLEAR');
  return { ...marking, ...(isFree ? {} : { extraRestrictions: [text] }) };
}

function readLabel(label: string): Partial<Marking> {
  const read = readMarkingTag(label) ?? readMarkingTag(`tlp:${label}`) ?? {};
  return read.rawTlp === undefined ? read : { ...read, rawTlp: 'TLP:WHITE' };
}

/**
 * Returns true if every sentence of the text is a known copyright line or open licence. A sentence that only contains
 * such a phrase does not count: the rest of it may be a restriction.
 */
function isTerms(text: string, publisher: string, isClear: boolean): boolean {
  const sentences = text
    .split(/[.;\n]+(?:\s+|$)/)
    .map((sentence) => sentence.trim().replaceAll(/\s+/g, ' '))
    .filter((sentence) => sentence !== '');
  return sentences.every(
    (sentence) =>
      reserved.test(sentence) ||
      licensed.test(sentence) ||
      isCopyright(sentence, publisher) ||
      (isClear && unlimited.some((statement) => statement.test(sentence))),
  );
}

/**
 * Whole sentences that state no limit, as publishers write them with TLP:WHITE or TLP:CLEAR: FIRST's words for the label,
 * and those of the CSAF advisories of CISA, Siemens, BSI and Red Hat.
 */
const unlimited: readonly RegExp[] = [
  /^(?:there (?:is|are) )?no (?:limits? on|restrictions? (?:on|to)) (?:the )?(?:disclosure|distribution|sharing)$/i,
  /^(?:(?:public )?(?:disclosure|distribution|sharing)|this (?:advisory|document|information))(?: of this (?:advisory|document|information))? (?:is|are) (?:not limited|not restricted|unlimited|unrestricted)$/i,
  /^(?:this (?:advisory|document|information) (?:may|can) be )?(?:distributed|shared|disclosed) without (?:restrictions?|limits?|limitations?)$/i,
  /^(?:unlimited|unrestricted|public)(?: (?:disclosure|distribution|release))?$/i,
  /^(?:approved|cleared) for public (?:release|distribution)(?:,? distribution (?:is )?unlimited)?$/i,
  /^recipients (?:may|can) (?:spread|share|distribute) this (?:information )?(?:to the world|freely|without restriction)(?:,? there is no limit on disclosure)?$/i,
  /^subject to standard copyright rules,? (?:TLP[:-](?:WHITE|CLEAR) )?information may be (?:distributed|shared) (?:freely|without restriction)$/i,
  /^TLP[:-](?:WHITE|CLEAR)$/i,
];

const reserved = /^all rights reserved$/i;

/** Licences that let everybody read and redistribute the document. */
const licence =
  'CC0(?: 1\\.0)?|CC[- ]BY(?:-SA)?(?:[- ]\\d\\.\\d)?|' +
  'Creative ?Commons(?: Attribution(?:[- ]ShareAlike)?(?: \\d\\.\\d)?(?: International)?)?';
const licensed = new RegExp(
  `^(?:(?:this (?:advisory|document|work) is )?(?:licen[cs]ed|published|released) under (?:the |an? )?)?` +
    `(?:${licence})(?: licen[cs]e)?$`,
  'i',
);

const copyright =
  /^(?:copyright|©|\(c\))(?: ?(?:©|\(c\)))?(?: ?\d{4}(?: ?[-–] ?\d{4})?)?,?(?: by)?(?: (?<holder>[^.;]+))?$/i;
const legalForm = /,? (?:AG|Corp|Corporation|GmbH|Inc|LLC|Ltd|Limited|plc|SE)$/i;

/** Returns true for a copyright line that names only the publisher. Any other name could be part of a restriction. */
function isCopyright(sentence: string, publisher: string): boolean {
  const match = copyright.exec(sentence);
  if (match === null) return false;
  const holder = match.groups?.['holder']?.replace(legalForm, '') ?? '';
  return ` ${publisher.trim().toLowerCase()} `.includes(` ${holder.toLowerCase()} `) || holder === '';
}
