import type { Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { publicDefaults, sharedDefaults } from './defaults.ts';
import { Bundle, type BundleRules } from './stix-bundle.ts';
import { mitreIdentity } from './stix-envelope.ts';
import { mitreTerms } from './stix-marking.ts';
import { type StixObject, stixShape } from './stix-shape.ts';

const common = {
  locate: { at: 'member', name: 'objects' },
  shape: stixShape,
  resolves: true,
  mapping: 1,
} as const;

/**
 * MITRE ATT&CK: techniques, software, campaigns, groups and who uses what, as MITRE's public reference. Refuses an
 * object that is not MITRE's and under its terms (WRONG_MARKING): this source opens what it takes in to all.
 */
export const attack: Source<StixObject> = {
  ...common,
  ...bundlesOf({ lang: 'en', admit: refuseOthers }),
  name: 'attack',
  title: 'MITRE ATT&CK (STIX 2.1)',
  expects: 'a STIX bundle with an object of the type "x-mitre-collection"',
  recognise: (head) => isBundle(head) && /"type"\s*:\s*"x-mitre-collection"/.test(head),
  defaults: publicDefaults('mitre'),
};

/**
 * STIX 2.1 bundles, with their markings of objects and of parts of objects. An object that a definition marks which is
 * not known here is refused (WRONG_MARKING), and so is a marking of a part that cannot be hidden by itself.
 */
export const stix: Source<StixObject> = {
  ...common,
  ...bundlesOf({ lang: null, admit: () => undefined }),
  name: 'stix',
  title: 'STIX 2.1 bundles',
  expects: 'a JSON object with "type": "bundle" (or a TAXII envelope) and an array "objects"',
  recognise: isBundle,
  defaults: sharedDefaults,
};

function bundlesOf(rules: BundleRules): Pick<Source<StixObject>, 'collect' | 'map'> {
  return {
    collect: () => new Bundle(rules),
    map: (object, context) => new Bundle(rules).map(object, context),
  };
}

function isBundle(head: string): boolean {
  return /"objects"\s*:\s*\[/.test(head) && /"type"\s*:\s*"bundle"|"spec_version"\s*:\s*"2\.[01]"/.test(head);
}

function refuseOthers({ created_by_ref: creator, object_marking_refs: marked }: StixObject): void {
  const isMitres = !creator || creator.toLowerCase() === mitreIdentity;
  if (isMitres && marked?.some((ref) => ref.toLowerCase() === mitreTerms)) return;
  throw new RejectError('WRONG_MARKING', "not MITRE's and under its terms: import it with --source stix");
}
