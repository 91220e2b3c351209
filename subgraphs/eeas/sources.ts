import { ownRecords } from '../serve/ingest/own-records.ts';
import type { Source } from '../serve/ingest/sources/source.ts';
import { kinds } from './records.ts';
import { eurepoc } from './sources/eurepoc.ts';
import { sanctions } from './sources/sanctions.ts';

/** The sources that the EEAS imports. The first one that recognises a file reads it. */
export const sources: readonly Source[] = [eurepoc, sanctions, ownRecords('eeas', kinds)];
