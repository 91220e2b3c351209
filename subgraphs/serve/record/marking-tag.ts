import type { Marking } from '../../../schema/record/envelope.ts';
import { papScale, tlpScale } from '../../../schema/record/vocabulary.ts';
import { RejectError } from './reject.ts';

/** The marking that a tag states. */
export type TagMarking = Partial<Pick<Marking, 'tlp' | 'pap' | 'rawTlp'>>;

/**
 * Reads a tag or label of a format whose taxonomy has TLP or PAP (MISP, STIX, CSAF), in any spelling: `tlp:red`,
 * `TLP-RED`, `tlp="red"`, `iep:traffic-light-protocol="RED"`. WHITE becomes CLEAR, and `rawTlp` keeps the tag. Returns
 * null for a tag that is about something else. Throws WRONG_MARKING, with the tag, if it is about TLP or PAP and has no
 * known colour: such a record must not be more open than the tag says.
 */
export function readMarkingTag(tag: string): TagMarking | null {
  const mention = findMention(plain(tag));
  if (mention === null) return null;
  const { scale, colour } = mention;
  if (colour === null)
    throw new RejectError('WRONG_MARKING', `expected a colour of TLP or PAP, got the tag ${quote(tag)}`);
  if (scale === 'pap') return { pap: colour === 'WHITE' ? 'CLEAR' : (colour as Marking['pap']) };
  return colour === 'WHITE' ? { tlp: 'CLEAR', rawTlp: tag.trim() } : { tlp: colour as Marking['tlp'] };
}

/** Returns the strictest marking on each scale. The raw label of the TLP is kept. */
export function strictestOf(markings: readonly TagMarking[]): TagMarking {
  const tlp = tlpScale.findLast((label) => markings.some((one) => one.tlp === label));
  const pap = papScale.findLast((label) => markings.some((one) => one.pap === label));
  const raw = markings.find((one) => one.tlp === tlp && one.rawTlp !== undefined)?.rawTlp;
  return {
    ...(tlp === undefined ? {} : { tlp }),
    ...(pap === undefined ? {} : { pap }),
    ...(raw === undefined ? {} : { rawTlp: raw }),
  };
}

/** Quotes a tag for a message, with at most 80 characters and without control characters. */
export function quote(tag: string): string {
  return JSON.stringify(tag.length > 80 ? `${tag.slice(0, 80)}...` : tag);
}

type Mention = { readonly scale: 'tlp' | 'pap'; readonly colour: string | null };

/** Letters of other scripts that look like those of the scales and colours. */
const lookalikes: Readonly<Record<string, string>> = {
  а: 'a',
  е: 'e',
  і: 'i',
  о: 'o',
  р: 'p',
  с: 'c',
  т: 't',
  ѕ: 's',
  ԁ: 'd',
  ɡ: 'g',
  ӏ: 'l',
  α: 'a',
  ε: 'e',
  ι: 'i',
  ο: 'o',
  ρ: 'p',
  τ: 't',
};

/** Removes differences that people do not see: width, case, accents, invisible characters, other scripts. */
function plain(tag: string): string {
  const letters = tag
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}\p{Cc}]/gu, '')
    .toLowerCase();
  return Array.from(letters, (letter) => lookalikes[letter] ?? letter).join('');
}

/** Finds TLP or PAP in a tag. In the value of a machine tag, such as a galaxy's name, only together with a colour. */
function findMention(text: string): Mention | null {
  const machine = /^([^=]*)=\s*["'\u2018-\u201f]?(.*?)["'\u2018-\u201f]?\s*$/s.exec(text);
  const [, name = text, value = ''] = machine ?? [];
  const words = [...wordsOf(name), ...wordsOf(value)];
  const valueFrom = wordsOf(name).length;
  for (const scale of ['tlp', 'pap'] as const) {
    const at = words.findIndex(
      (word, index) => word === scale && isPlace(scale, index, text, valueFrom, words),
    );
    if (at === -1) continue;
    const colour = colourOf(words.slice(at + 1)) ?? colourBefore(words, at);
    if (at >= valueFrom && machine !== null && colour === null) continue;
    return { scale, colour };
  }
  return null;
}

/** PAP is also an ordinary abbreviation: it counts at the beginning, before a colour, and as a predicate. */
function isPlace(
  scale: string,
  at: number,
  text: string,
  valueFrom: number,
  words: readonly string[],
): boolean {
  if (scale === 'tlp' || at === 0) return true;
  const isPredicate = at === valueFrom - 1 && text.includes('=');
  return isPredicate || colourOf(words.slice(at + 1)) !== null;
}

function wordsOf(text: string): readonly string[] {
  return text
    .replaceAll(/traffic[^a-z0-9]*light(?:[^a-z0-9]*protocol)?/g, ' tlp ')
    .replaceAll(/permissible[^a-z0-9]*actions?(?:[^a-z0-9]*protocol)?/g, ' pap ')
    .replaceAll(/(?<![a-z0-9])(tlp|pap)(?:v?\d[\d.]*)?(?=white|clear|green|amber|red|$|[^a-z])/g, ' $1 ')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const fillers = /^(?:v?\d+|colou?r|label|level|marking|is)$/;
const colours: Readonly<Record<string, string>> = {
  white: 'WHITE',
  clear: 'CLEAR',
  green: 'GREEN',
  amber: 'AMBER',
  amberstrict: 'AMBER_STRICT',
  'amber strict': 'AMBER_STRICT',
  red: 'RED',
};

/** Returns the colour if the words are nothing else. Other words can be a further restriction. */
function colourOf(words: readonly string[]): string | null {
  const left = words.filter((word) => !fillers.test(word)).join(' ');
  return Object.hasOwn(colours, left) ? (colours[left] ?? null) : null;
}

/** Reads `red tlp`. */
function colourBefore(words: readonly string[], at: number): string | null {
  return at === words.length - 1 ? colourOf(words.slice(0, at)) : null;
}
