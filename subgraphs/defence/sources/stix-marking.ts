import type { Marking } from '../../../schema/record/envelope.ts';
import { papScale, tlpScale } from '../../../schema/record/vocabulary.ts';
import { readTlp } from '../../serve/record/marking.ts';
import { RejectError } from '../../serve/record/reject.ts';
import type { StixObject } from './stix-shape.ts';

/** What marking definitions say on the scales of the hub. */
export type StixMarking = Partial<Pick<Marking, 'tlp' | 'pap' | 'rawTlp'>>;

/** A definition that restricts in a way that is not known here, or by a classification. */
type Meaning = StixMarking | 'unknown' | 'classified';

/** ATT&CK's terms of use, a statement: whoever may read a copy, it restricts nobody. */
export const mitreTerms = 'marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168';

/** The TLP 2.0 objects of the OASIS committee, and the predefined ones of STIX 2.1 (TLP 1.0, section 7.2.1.4). */
const standard: Readonly<Record<string, StixMarking>> = {
  'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487': { tlp: 'CLEAR' },
  'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb': { tlp: 'GREEN' },
  'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421': { tlp: 'AMBER' },
  'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003': { tlp: 'AMBER_STRICT' },
  'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1': { tlp: 'RED' },
  'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9': { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' },
  'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da': { tlp: 'GREEN' },
  'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82': { tlp: 'AMBER' },
  'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed': { tlp: 'RED' },
  [mitreTerms]: {},
};
const tlp2Extension = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';

/** The marking definitions of one bundle, beside the standard ones, which no bundle says anew. */
export class Definitions {
  readonly #known = new Map<string, Meaning>();

  get size(): number {
    return this.#known.size;
  }

  /** Two definitions of one id that differ are not known, whichever comes first. */
  take(definition: StixObject): void {
    const id = definition.id.toLowerCase();
    const meaning = meaningOf(definition);
    const before = this.#known.get(id);
    if (before === 'classified') return;
    const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(meaning);
    this.#known.set(id, isSame ? meaning : 'unknown');
  }

  /** A definition that bears a classification: what it marks is classified. */
  takeClassified(id: string): void {
    this.#known.set(id.toLowerCase(), 'classified');
  }

  /**
   * What these say together, the strictest on each scale; a statement (a copyright, terms of use) says nothing. Throws
   * CLASSIFIED for a classification, and WRONG_MARKING for a definition that is not known.
   */
  read(refs: readonly string[]): StixMarking {
    return joinMarkings(refs.map((ref) => this.#readOne(ref.toLowerCase())));
  }

  #readOne(ref: string): StixMarking {
    const meaning = Object.hasOwn(standard, ref) ? standard[ref] : this.#known.get(ref);
    if (meaning === 'classified') throw new RejectError('CLASSIFIED', 'a record that a classification marks');
    if (meaning === undefined || meaning === 'unknown') {
      throw new RejectError('WRONG_MARKING', 'a marking definition that is not known');
    }
    return meaning;
  }
}

/** The strictest of several markings, each scale by itself. */
export function joinMarkings(markings: readonly StixMarking[]): StixMarking {
  const tlp = tlpScale.findLast((colour) => markings.some((one) => one.tlp === colour));
  const pap = papScale.findLast((colour) => markings.some((one) => one.pap === colour));
  const raw = markings.find((one) => one.tlp === tlp && one.rawTlp !== undefined)?.rawTlp;
  return {
    ...(tlp === undefined ? {} : { tlp }),
    ...(pap === undefined ? {} : { pap }),
    ...(raw === undefined ? {} : { rawTlp: raw }),
  };
}

function meaningOf(definition: StixObject): Meaning {
  try {
    const said = [...readExtensions(definition), ...readDefinition(definition)];
    return said.length === 0 ? 'unknown' : joinMarkings(said);
  } catch (error) {
    if (error instanceof RejectError) return 'unknown';
    throw error;
  }
}

/** An extension other than TLP 2.0's may restrict in any way. */
function readExtensions({ extensions }: StixObject): readonly StixMarking[] {
  return Object.entries(extensions ?? {}).map(([id, extension]) => {
    const label = (extension as { readonly tlp_2_0?: unknown } | null)?.tlp_2_0;
    if (id !== tlp2Extension || typeof label !== 'string') throw unknown();
    return { tlp: readTlp(label) };
  });
}

function readDefinition(definition: StixObject): readonly StixMarking[] {
  const { definition_type: type, definition: said } = definition;
  if (type === null || type === undefined) return [];
  if (type === 'tlp') return [readTlp1(said?.['tlp'])];
  if (type !== 'statement') throw unknown();
  const texts = [said?.['statement'], definition.name, definition.x_opencti_definition];
  return [{}, ...texts.flatMap((text) => readLabel(text))];
}

function readTlp1(label: unknown): StixMarking {
  const colour = String(label).toLowerCase();
  if (colour === 'white') return { tlp: 'CLEAR', rawTlp: 'TLP:WHITE' };
  const tlp = (['GREEN', 'AMBER', 'RED'] as const).find((known) => known.toLowerCase() === colour);
  if (tlp === undefined) throw unknown();
  return { tlp };
}

/** Some platforms write a label that STIX 2.1 has no object for (AMBER+STRICT, PAP) as a statement. */
function readLabel(text: unknown): readonly StixMarking[] {
  if (typeof text !== 'string' || !/^\s*(tlp|pap)\b/i.test(text)) return [];
  if (/^\s*tlp/i.test(text)) return [{ tlp: readTlp(text) }];
  const name = text
    .trim()
    .toUpperCase()
    .replace(/^PAP\s*:\s*/, '');
  const pap = name === 'WHITE' ? 'CLEAR' : papScale.find((known) => known === name);
  if (pap === undefined) throw unknown();
  return [{ pap }];
}

function unknown(): RejectError {
  return new RejectError('WRONG_MARKING', 'a marking definition that is not known');
}
