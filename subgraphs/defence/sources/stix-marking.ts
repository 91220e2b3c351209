import type { Marking } from '../../../schema/record/envelope.ts';
import { readTlp } from '../../serve/record/marking.ts';
import { readMarkingTag, strictestOf } from '../../serve/record/marking-tag.ts';
import { RejectError } from '../../serve/record/reject.ts';
import type { StixObject } from './stix-shape.ts';

/** The marking of an object on the scales of the hub. */
export type StixMarking = Partial<Pick<Marking, 'tlp' | 'pap' | 'rawTlp'>>;

/** The meaning of a definition. `unknown` is a restriction that the hub does not support. */
type Meaning = StixMarking | 'unknown' | 'classified';

/** The terms of use of ATT&CK, a statement that does not restrict readers. */
export const mitreTerms = 'marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168';

/** The TLP 2.0 objects of OASIS, and the predefined TLP 1.0 objects of STIX 2.1 (section 7.2.1.4). */
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

const labelPrefix = 'label:';

/** Returns the references by which `Definitions` reads the markings in an object's labels. */
export function refsOfLabels({ labels }: Pick<StixObject, 'labels'>): readonly string[] {
  return (labels ?? []).filter(isAboutMarking).map((label) => `${labelPrefix}${label}`);
}

function isAboutMarking(label: string): boolean {
  try {
    return readMarkingTag(label) !== null;
  } catch {
    return true;
  }
}

/** The marking definitions of one bundle and the standard ones. A bundle cannot redefine a standard one. */
export class Definitions {
  readonly #known = new Map<string, Meaning>();

  /** The number of definitions in the bundle. */
  get size(): number {
    return this.#known.size;
  }

  /** Adds a definition. Two different definitions with the same id make it unknown, in any order. */
  take(definition: StixObject): void {
    const id = definition.id.toLowerCase();
    const meaning = meaningOf(definition);
    const before = this.#known.get(id);
    if (before === 'classified') return;
    const isSame = before === undefined || JSON.stringify(before) === JSON.stringify(meaning);
    this.#known.set(id, isSame ? meaning : 'unknown');
  }

  /** Adds a definition with a classification. The objects that it marks are classified. */
  takeClassified(id: string): void {
    this.#known.set(id.toLowerCase(), 'classified');
  }

  /**
   * Returns the strictest marking of the definitions on each scale. A statement, such as a copyright, restricts nobody.
   * Throws CLASSIFIED for a classification and WRONG_MARKING for an unknown definition.
   */
  read(refs: readonly string[]): StixMarking {
    return joinMarkings(refs.map((ref) => this.#readOne(ref.toLowerCase())));
  }

  #readOne(ref: string): StixMarking {
    if (ref.startsWith(labelPrefix)) return readLabels({ labels: [ref.slice(labelPrefix.length)] });
    const meaning = Object.hasOwn(standard, ref) ? standard[ref] : this.#known.get(ref);
    if (meaning === 'classified')
      throw new RejectError('CLASSIFIED', 'a marking definition with a classification');
    if (meaning === undefined || meaning === 'unknown') {
      throw new RejectError('WRONG_MARKING', 'expected a marking definition that the hub knows');
    }
    return meaning;
  }
}

/** Returns the strictest of several markings, each scale separately. */
export const joinMarkings: (markings: readonly StixMarking[]) => StixMarking = strictestOf;

/** Reads the strictest TLP and PAP among the labels of an object. Throws WRONG_MARKING for one without a known colour. */
export function readLabels({ labels }: Pick<StixObject, 'labels'>): StixMarking {
  return strictestOf((labels ?? []).flatMap((label) => readMarkingTag(label) ?? []));
}

function meaningOf(definition: StixObject): Meaning {
  try {
    const parts = [...readExtensions(definition), ...readDefinition(definition)];
    return parts.length === 0 ? 'unknown' : joinMarkings(parts);
  } catch (error) {
    if (error instanceof RejectError) return 'unknown';
    throw error;
  }
}

/** Reads the TLP 2.0 extension. Any other extension makes the definition unknown. */
function readExtensions({ extensions }: StixObject): readonly StixMarking[] {
  return Object.entries(extensions ?? {}).map(([id, extension]) => {
    const label = (extension as { readonly tlp_2_0?: unknown } | null)?.tlp_2_0;
    if (id !== tlp2Extension || typeof label !== 'string') throw unknownDefinition();
    return { tlp: readTlp(label) };
  });
}

function readDefinition(definition: StixObject): readonly StixMarking[] {
  const { definition_type: type, definition: body } = definition;
  if (type === null || type === undefined) return [];
  if (type === 'tlp') return [readTlp1(body?.['tlp'])];
  if (type !== 'statement') throw unknownDefinition();
  const texts = [body?.['statement'], definition.name, definition.x_opencti_definition];
  return [{}, ...texts.flatMap((text) => readLabel(text))];
}

function readTlp1(label: unknown): StixMarking {
  const read = typeof label === 'string' ? readMarkingTag(`tlp:${label}`) : null;
  if (read === null) throw unknownDefinition();
  return read.rawTlp === undefined ? read : { ...read, rawTlp: 'TLP:WHITE' };
}

/** Reads a label from a statement. Some platforms write AMBER+STRICT and PAP so, since STIX 2.1 has no object for them. */
function readLabel(text: unknown): readonly StixMarking[] {
  const read = typeof text === 'string' ? readMarkingTag(text) : null;
  // A statement is no taxonomy: only its predefined objects have WHITE of TLP 1.0.
  if (read?.rawTlp !== undefined) throw unknownDefinition();
  return read === null ? [] : [read];
}

function unknownDefinition(): RejectError {
  return new RejectError('WRONG_MARKING', 'expected a marking definition that the hub knows');
}
