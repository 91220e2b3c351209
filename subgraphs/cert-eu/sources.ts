import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { certEuAdvisory } from './sources/advisory.ts';
import { mispEvent } from './sources/misp-event.ts';
import { mispGalaxy } from './sources/misp-galaxy.ts';

/** The sources that CERT-EU imports. The first one that recognises a file reads it. */
export const sources: readonly Source[] = [
  certEuAdvisory,
  mispEvent,
  mispGalaxy,
  ownRecords('cert-eu', kinds),
];
