import { kinds } from './records.ts';
import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { certEuAdvisory } from './sources/advisory.ts';
import { mispEvent } from './sources/misp-event.ts';
import { mispGalaxy } from './sources/misp-galaxy.ts';

/** What CERT-EU takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [
  certEuAdvisory,
  mispEvent,
  mispGalaxy,
  ownRecords('cert-eu', kinds),
];
