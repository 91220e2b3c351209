import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { mispGalaxy } from './sources/misp-galaxy.ts';
import { mispRansomware } from './sources/misp-ransomware.ts';

/** The sources that Europol imports. The first one that recognises a file reads it. */
export const sources: readonly Source[] = [mispGalaxy, mispRansomware, ownRecords('europol', kinds)];
