import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { attack, stix } from './sources/stix.ts';

/** The sources that Defence imports. The first one that recognises a file reads it. */
export const sources: readonly Source[] = [attack, stix, ownRecords('defence', kinds)];
