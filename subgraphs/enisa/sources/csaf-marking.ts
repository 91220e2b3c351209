import type { Marking } from '../../../schema/envelope.ts';
import { readTlp } from '../../serve/ingest/marking.ts';
import type { CsafDocument } from './csaf-shape.ts';

/**
 * The marking of a document (CSAF 2.0, section 3.2.1.5). Its labels are those of TLP 1.0, so WHITE is CLEAR, with what
 * was written. A text beside it is one of two things: terms under which it is published, which restrict nobody here, or
 * a constraint in its publisher's words, which nobody may pass until there is a rule for it. Throws WRONG_MARKING.
 */
export function readMarking({ distribution }: CsafDocument['document']): Partial<Marking> {
  const label = distribution?.tlp?.label;
  const text = distribution?.text?.trim() ?? '';
  return {
    ...(label === undefined ? {} : readLabel(label)),
    ...(text === '' || isTerms(text) ? {} : { extraRestrictions: [text] }),
  };
}

function readLabel(label: string): Partial<Marking> {
  if (label.trim().toUpperCase() === 'WHITE') return { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' };
  return { tlp: readTlp(label) };
}

/** A copyright or a licence that is no more than that: each of its sentences must be of one. */
function isTerms(text: string): boolean {
  const sentences = text.split(/[.;\n]+(?:\s+|$)/).filter((sentence) => sentence.trim() !== '');
  return sentences.every((sentence) => terms.test(sentence) && !constraint.test(sentence));
}

const terms = /copyright|©|\(c\)|all rights reserved|licen[cs]e|creative ?commons|\bCC[- ]BY\b/i;
const constraint =
  /\b(not|no|only|without|restrict\w*|confidential\w*|intern\w*|limited|embargo\w*|prohibit\w*|need.to.know|tlp|nur|nicht)\b/i;
