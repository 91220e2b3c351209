import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';

/** The sources that the joint unit imports. The first one that recognises a file reads it. */
export const sources: readonly Source[] = [ownRecords('joint-unit', kinds)];
