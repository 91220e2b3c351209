import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';

/** What the joint unit takes in, in the order in which a file is tried. */
export const sources: readonly Source[] = [ownRecords('joint-unit', kinds)];
