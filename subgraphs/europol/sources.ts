import { kinds } from './records.ts';
import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { mispGalaxy } from './sources/misp-galaxy.ts';
import { mispRansomware } from './sources/misp-ransomware.ts';

/** What Europol takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [mispGalaxy, mispRansomware, ownRecords('europol', kinds)];
