import type { Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { publicDefaults, sharedDefaults } from './defaults.ts';
import { Bundle, type BundleRules } from './stix-bundle.ts';
import { mitreIdentity } from './stix-envelope.ts';
import { mitreTerms } from './stix-marking.ts';
import { type StixObject, stixShape, stixTolerance } from './stix-shape.ts';

const common = {
  locate: { at: 'member', name: 'objects' },
  shape: stixShape,
  tolerates: stixTolerance,
  resolves: true,
  mapping: 2,
} as const;

/**
 * MITRE ATT&CK: techniques, software, campaigns, groups and their relationships. Its records are readable by all. It
 * therefore rejects an object that is not by MITRE or not under MITRE's terms of use (WRONG_MARKING).
 */
export const attack: Source<StixObject> = {
  ...common,
  ...bundlesOf({ lang: 'en', admit: rejectOthers }),
  name: 'attack',
  title: 'MITRE ATT&CK (STIX 2.1)',
  expects:
    'a STIX bundle with an object of the type "x-mitre-collection", or a small one of objects by MITRE only',
  recognise: (head) =>
    isBundle(head) && (/"type"\s*:\s*"x-mitre-collection"/.test(head) || hasOnlyMitre(head)),
  defaults: publicDefaults('mitre'),
};

/**
 * STIX 2.1 bundles with object and granular markings. Rejects an object with an unknown marking definition, and a
 * granular marking of a part that the hub cannot hide (WRONG_MARKING).
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

/** Returns whether a small file has only objects by MITRE under its terms of use, as MITRE publishes each object alone. */
function hasOnlyMitre(head: string): boolean {
  try {
    const { objects } = JSON.parse(head) as { readonly objects?: unknown };
    if (!Array.isArray(objects) || objects.length === 0) return false;
    return (objects as Partial<StixObject>[]).every(
      ({ created_by_ref: creator, object_marking_refs: marked }) =>
        creator?.toLowerCase() === mitreIdentity &&
        marked?.some((ref) => ref.toLowerCase() === mitreTerms) === true,
    );
  } catch {
    return false;
  }
}

function rejectOthers({ created_by_ref: creator, object_marking_refs: marked }: StixObject): void {
  const isByMitre = !creator || creator.toLowerCase() === mitreIdentity;
  if (isByMitre && marked?.some((ref) => ref.toLowerCase() === mitreTerms)) return;
  throw new RejectError(
    'WRONG_MARKING',
    "expected an object by MITRE under MITRE's terms of use: import this bundle with --source stix",
  );
}
