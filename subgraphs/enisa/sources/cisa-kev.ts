import { z } from 'zod';
import { vulnerabilityKey } from '../../../schema/record/keys.ts';
import { atPath, orWarn } from '../../serve/ingest/sources/fields.ts';
import { readHead } from '../../serve/ingest/sources/head.ts';
import type { Edition, MapContext, Mapped, Source } from '../../serve/ingest/sources/source.ts';
import { revisionOf } from '../../serve/record/revision.ts';
import { RejectError } from '../../serve/record/reject.ts';
import { parseTime } from '../../serve/ingest/sources/time.ts';
import { publicDefaults } from './defaults.ts';
import { findUrls } from './urls.ts';

const shape = z.looseObject({
  cveID: z.string(),
  vendorProject: z.string(),
  product: z.string(),
  vulnerabilityName: z.string(),
  dateAdded: z.string(),
  shortDescription: z.string(),
  requiredAction: z.string(),
  dueDate: z.string().nullish(),
  knownRansomwareCampaignUse: z.string().nullish(),
  notes: z.string().nullish(),
  cwes: z.union([z.string(), z.array(z.string())]).nullish(),
});

/** One entry of CISA's catalogue of known exploited vulnerabilities. */
export type CisaKevRecord = z.infer<typeof shape>;

/**
 * The KEV catalogue of CISA. Each entry becomes a vulnerability record and an exploitation statement, with CISA as the
 * originator. Rejects an invalid CVE id (WRONG_SHAPE) and a date that does not exist (WRONG_DATE).
 */
export const cisaKev: Source<CisaKevRecord> = {
  name: 'cisa-kev',
  title: 'CISA KEV',
  expects: 'a JSON object with "catalogVersion" and an array "vulnerabilities"',
  locate: { at: 'member', name: 'vulnerabilities' },
  recognise: (head) => /"vulnerabilities"\s*:\s*\[/.test(head) && /"(catalogVersion|cveID)"\s*:/.test(head),
  shape,
  tolerates: { strict: ['cveID'] },
  edition: editionOf,
  map(raw, context) {
    const key = vulnerabilityKey(raw.cveID);
    if (key?.startsWith('Vulnerability:CVE-') !== true)
      throw new RejectError('WRONG_SHAPE', 'cveID: expected a CVE id');
    const id = key.slice('Vulnerability:'.length);
    return [toRecord(raw, id, key), toStatement(raw, id, key, context)];
  },
  defaults: publicDefaults('cisa'),
  mapping: 2,
};

/** Reads the version of the catalogue: `2026.09.18`, and the time of its release if there are two in a day. */
function editionOf(outside: string): Edition | null {
  const { catalogVersion, dateReleased } = readHead(outside);
  const revision = typeof catalogVersion === 'string' ? revisionOf(catalogVersion) : null;
  const released = typeof dateReleased === 'string' ? Date.parse(dateReleased) : Number.NaN;
  if (revision === null) return null;
  return { document: 'cisa-kev', revision: [...revision, Number.isNaN(released) ? 0 : released] };
}

function toRecord(raw: CisaKevRecord, id: string, key: string): Mapped {
  const reportedAt = atPath('dateAdded', () => parseTime(raw.dateAdded));
  const content = {
    vulnerability: id,
    cveId: id,
    euvdId: null,
    aliases: [],
    title: { value: raw.vulnerabilityName, lang: 'en' },
    description: { value: raw.shortDescription, lang: 'en' },
    state: 'PUBLISHED',
    publishedAt: null,
    updatedAt: null,
    cwes: typeof raw.cwes === 'string' ? [raw.cwes] : (raw.cwes ?? []),
    cvss: [],
    products: [
      {
        vendor: raw.vendorProject,
        product: raw.product,
        versionRange: null,
        cpe: null,
        purl: null,
        status: null,
      },
    ],
    references: findUrls(raw.notes ?? ''),
  };
  const kind = 'VulnerabilityRecord';
  return { kind, localId: id, content, sortAt: reportedAt.utc, says: { reportedAt }, names: [key] };
}

function toStatement(raw: CisaKevRecord, id: string, key: string, context: MapContext): Mapped {
  const { dueDate: due } = raw;
  const reportedAt = parseTime(raw.dateAdded);
  const isKnown = raw.knownRansomwareCampaignUse?.trim().toLowerCase() === 'known';
  const content = {
    vulnerability: id,
    catalogue: 'CISA_KEV',
    assertedBy: 'CISA',
    memberState: null,
    firstSeen: null,
    reportedAt,
    patchedSince: null,
    exploitationTypes: [isKnown ? 'RANSOMWARE' : 'UNKNOWN'],
    ransomwareUse: isKnown ? 'KNOWN' : 'UNKNOWN',
    actors: [],
    requiredAction: { value: raw.requiredAction, lang: 'en' },
    dueDate: due ? orWarn(context, 'dueDate', due, () => parseTime(due)) : null,
    notes: raw.notes ? { value: raw.notes, lang: 'en' } : null,
  };
  const kind = 'ExploitationStatement';
  return { kind, localId: id, content, sortAt: reportedAt.utc, says: { reportedAt }, names: [key] };
}
