import type { Marking } from '../../../schema/record/envelope.ts';
import { readTlp } from '../../serve/record/marking.ts';
import type { Defaults } from '../../serve/ingest/sources/source.ts';
import type { CsafDocument } from './csaf-shape.ts';

type Header = CsafDocument['document'];

/**
 * The marking of a document (CSAF 2.0, section 3.2.1.5). Its labels are those of TLP 1.0, so WHITE is CLEAR, with what
 * was written. Without one it is AMBER, as what partners send by STIX is: silence opens nothing, unless the colour is
 * given for the import. A text beside it is one of two things: terms under which it is published, which restrict
 * nobody here, or a constraint in its publisher's words, which nobody may pass until there is a rule for it. Throws
 * WRONG_MARKING.
 */
export function readMarking(
  { distribution, publisher }: Pick<Header, 'distribution' | 'publisher'>,
  { isTlpGiven }: Pick<Defaults, 'isTlpGiven'>,
): Partial<Marking> {
  const label = distribution?.tlp?.label;
  const text = distribution?.text?.trim() ?? '';
  const unsaid: Partial<Marking> = isTlpGiven === true ? {} : { tlp: 'AMBER' };
  return {
    ...(label === undefined ? unsaid : readLabel(label)),
    ...(isTerms(text, publisher.name) ? {} : { extraRestrictions: [text] }),
  };
}

function readLabel(label: string): Partial<Marking> {
  if (label.trim().toUpperCase() === 'WHITE') return { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' };
  return { tlp: readTlp(label) };
}

/**
 * Whether a text is no more than a copyright line and a licence for everybody: each of its sentences is wholly of a
 * form that is known. A word of either in a sentence that says more is no proof that it restricts nobody.
 */
function isTerms(text: string, publisher: string): boolean {
  const sentences = text
    .split(/[.;\n]+(?:\s+|$)/)
    .map((sentence) => sentence.trim().replaceAll(/\s+/g, ' '))
    .filter((sentence) => sentence !== '');
  return sentences.every(
    (sentence) => reserved.test(sentence) || licensed.test(sentence) || isCopyright(sentence, publisher),
  );
}

const reserved = /^all rights reserved$/i;

/** The licences of which all may read and pass on what is under them. */
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

/** A line that names its publisher and nothing besides: any other name could be a word of a constraint. */
function isCopyright(sentence: string, publisher: string): boolean {
  const match = copyright.exec(sentence);
  if (match === null) return false;
  const holder = match.groups?.['holder']?.replace(legalForm, '') ?? '';
  return ` ${publisher.trim().toLowerCase()} `.includes(` ${holder.toLowerCase()} `) || holder === '';
}
