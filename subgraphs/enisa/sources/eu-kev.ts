import { z } from 'zod';
import { memberStateKey, vulnerabilityKey } from '../../../schema/record/keys.ts';
import { atPath, orWarn } from '../../serve/ingest/sources/fields.ts';
import type { Collection, Edition, MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';
import { findUrls } from './urls.ts';

const stringOrList = z.union([z.string(), z.array(z.string())]).nullish();
const shape = z.looseObject({
  cveID: z.string().nullish(),
  euvdID: z.string().nullish(),
  vendorProject: z.string().nullish(),
  product: z.string().nullish(),
  vulnerabilityName: z.string().nullish(),
  dateReported: z.string(),
  patchedSince: z.string().nullish(),
  originSource: z.string(),
  shortDescription: z.string().nullish(),
  exploitationType: stringOrList,
  threatActorsExploiting: stringOrList,
  cwes: stringOrList,
  notes: z.string().nullish(),
});

/** One entry of the catalogue that the CSIRTs network and ENISA publish. */
export type EuKevRecord = z.infer<typeof shape>;

/**
 * The EU KEV catalogue. Each entry becomes a vulnerability record and an exploitation statement. The body in
 * `originSource` is their originator. Rejects an entry without a CVE or EUVD id (WRONG_SHAPE) and a date that does not
 * exist (WRONG_DATE).
 */
export const euKev: Source<EuKevRecord> = {
  name: 'eu-kev',
  title: 'EU KEV',
  expects: 'a JSON array of entries with "originSource", "dateReported", "cveID" or "euvdID"',
  locate: { at: 'array' },
  recognise: (head) => /^\s*\[/.test(head) && /"originSource"\s*:/.test(head),
  shape,
  tolerates: { strict: ['cveID', 'euvdID', 'originSource'] },
  collect: () => new Catalogue(),
  map: mapEntry,
  defaults: publicDefaults('csirts-network', 'enisa'),
  resolves: true,
  mapping: 2,
};

function mapEntry(raw: EuKevRecord, context: MapContext): readonly Mapped[] {
  const ids = readIds(raw);
  const origin = findOrigin(raw.originSource);
  return [toRecord(raw, ids, origin), toStatement(raw, ids, origin, context)];
}

/**
 * The catalogue has no version. It is ordered by its newest date, and then by the number of entries. An entry that
 * ENISA withdraws on that day makes the catalogue look older, so the import says that it was left out.
 */
class Catalogue implements Collection<EuKevRecord> {
  readonly size = 0;
  readonly map = mapEntry;
  #newest = 0;
  #entries = 0;

  take({ dateReported: day, patchedSince }: EuKevRecord): void {
    this.#entries += 1;
    for (const text of [day, patchedSince ?? '']) {
      const at = /^\d{4}[-/]\d{2}[-/]\d{2}$/.test(text.trim())
        ? Date.parse(text.trim().replaceAll('/', '-'))
        : 0;
      // A misprinted date in the future must not make every later catalogue look old.
      if (at <= Date.now()) this.#newest = Math.max(this.#newest, at);
    }
  }

  takeClassified(): void {
    this.#entries += 1;
  }

  edition(): Edition | null {
    return this.#newest === 0 ? null : { document: 'eu-kev', revision: [this.#newest, this.#entries] };
  }
}

type Ids = {
  readonly id: string;
  readonly key: string;
  readonly cveId: string | null;
  readonly euvdId: string | null;
};

/** The originator of an entry: its registry id, and the Member State if it is a national CSIRT. */
type Origin = { readonly organisation: string; readonly memberState: string | null };

function readIds(raw: EuKevRecord): Ids {
  const [cveId, euvdId] = [readId(raw.cveID, 'CVE-'), readId(raw.euvdID, 'EUVD-')];
  const id = cveId ?? euvdId;
  if (id === null) throw new RejectError('WRONG_SHAPE', 'cveID, euvdID: expected a CVE or EUVD id');
  return { id, key: `Vulnerability:${id}`, cveId, euvdId };
}

/** Returns the keys of both ids, so that a record is found by its EUVD id without an alias table. */
function keysOf({ cveId, euvdId }: Ids): readonly string[] {
  return [cveId, euvdId].flatMap((id) => (id === null ? [] : [`Vulnerability:${id}`]));
}

function readId(text: string | null | undefined, scheme: string): string | null {
  const id = vulnerabilityKey(text ?? '')?.slice('Vulnerability:'.length) ?? null;
  return id?.startsWith(scheme) === true ? id : null;
}

const network: Origin = { organisation: 'csirts-network', memberState: null };

/**
 * Originators by the letters of `originSource`. The catalogue spells a body in several ways: `CNW` and `cnw`, `CERT-PL`
 * and `CERT.PL`.
 */
const origins: Readonly<Record<string, Origin>> = {
  cnw: network,
  enisa: { organisation: 'enisa', memberState: null },
  certpl: { organisation: 'csirt-pl', memberState: 'PL' },
  certitalia: { organisation: 'csirt-it', memberState: 'IT' },
  certat: { organisation: 'csirt-at', memberState: 'AT' },
  ncschu: { organisation: 'csirt-hu', memberState: 'HU' },
  ncscfi: { organisation: 'csirt-fi', memberState: 'FI' },
};

/** Finds the originator. An unknown body gives the CSIRTs network, which publishes the entry; `assertedBy` keeps the text. */
function findOrigin(source: string): Origin {
  const letters = source.toLowerCase().replaceAll(/[^a-z]/g, '');
  return Object.hasOwn(origins, letters) ? (origins[letters] ?? network) : network;
}

function toRecord(raw: EuKevRecord, ids: Ids, origin: Origin): Mapped {
  const reportedAt = atPath('dateReported', () => parseTime(raw.dateReported));
  const content = {
    vulnerability: ids.id,
    cveId: ids.cveId,
    euvdId: ids.euvdId,
    aliases: ids.cveId !== null && ids.euvdId !== null ? [ids.euvdId] : [],
    title: toText(raw.vulnerabilityName),
    description: toText(raw.shortDescription),
    state: 'PUBLISHED',
    publishedAt: null,
    updatedAt: null,
    cwes: toList(raw.cwes),
    cvss: [],
    products: toProducts(raw),
    references: findUrls(raw.notes ?? ''),
  };
  return {
    kind: 'VulnerabilityRecord',
    localId: ids.id,
    content,
    sortAt: reportedAt.utc,
    says: { originator: origin.organisation, reportedAt },
    names: keysOf(ids),
  };
}

function toStatement(raw: EuKevRecord, ids: Ids, origin: Origin, context: MapContext): Mapped {
  const reportedAt = parseTime(raw.dateReported);
  const { patchedSince: patched } = raw;
  const types = toList(raw.exploitationType).map(toType);
  const actors = toList(raw.threatActorsExploiting).flatMap((name) => context.resolveActor(name) ?? []);
  const content = {
    vulnerability: ids.id,
    catalogue: 'EU_KEV',
    assertedBy: raw.originSource,
    memberState: origin.memberState,
    firstSeen: null,
    reportedAt,
    patchedSince: patched ? orWarn(context, 'patchedSince', patched, () => parseTime(patched)) : null,
    exploitationTypes: [...new Set(types)],
    ransomwareUse: types.includes('RANSOMWARE') ? 'KNOWN' : 'UNKNOWN',
    actors: [...new Set(actors)],
    requiredAction: null,
    dueDate: null,
    notes: toText(raw.notes),
  };
  return {
    kind: 'ExploitationStatement',
    localId: ids.id,
    content,
    sortAt: reportedAt.utc,
    says: { originator: origin.organisation, reportedAt },
    names: [...keysOf(ids), ...content.actors, ...memberStateKeys(origin)],
  };
}

function memberStateKeys({ memberState }: Origin): readonly string[] {
  const key = memberState === null ? null : memberStateKey(memberState);
  return key === null ? [] : [key];
}

function toType(type: string): 'UNKNOWN' | 'RANSOMWARE' | 'APT' {
  const upper = type.trim().toUpperCase();
  return upper === 'RANSOMWARE' || upper === 'APT' ? upper : 'UNKNOWN';
}

function toProducts(raw: EuKevRecord) {
  if (!raw.vendorProject && !raw.product) return [];
  const vendor = raw.vendorProject ?? null;
  const product = raw.product ?? null;
  return [{ vendor, product, versionRange: null, cpe: null, purl: null, status: null }];
}

function toText(value: string | null | undefined): { value: string; lang: string } | null {
  return value ? { value, lang: 'en' } : null;
}

function toList(value: string | readonly string[] | null | undefined): readonly string[] {
  if (value === null || value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
