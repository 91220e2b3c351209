import { expect, test } from '@jest/globals';
import { answerLimits } from '../../../gateway/dispatch/answer-size.ts';
import { readerOf } from '../../helpers/records.ts';
import { askHubSubgraph } from './ask-hub-subgraph.ts';

const reader = readerOf({ roles: ['csirt-analyst'] });
const values = (length: number) =>
  JSON.stringify(Array.from({ length: 200 }, (_, at) => `https://h${at}.example/${'x'.repeat(length)}`));
const fields = (count: number) => Array.from({ length: count }, (_, at) => `a${at}: value`).join(' ');

test('answers no more bytes than a community may', async () => {
  const fits = await askHubSubgraph(reader, `{ indicators(values: ${values(1900)}) { ${fields(10)} } }`);
  expect([fits.errorCodes, fits.failedSubgraphs]).toEqual([[], []]);
  const perField = 200 * 1900;
  const many = Math.ceil(answerLimits.ofCommunity.bytes / perField) + 2;
  const query = `{ indicators(values: ${values(1900)}) { ${fields(many)} } }`;
  const { data, errorCodes } = await askHubSubgraph(reader, query);
  expect(errorCodes).toEqual(['OPERATION_TOO_LARGE']);
  expect(JSON.stringify(data).length).toBeLessThan(answerLimits.ofCommunity.bytes * 1.1);
});

test('answers no more values than a community may', async () => {
  const lists = Array.from(
    { length: 3 },
    (_, at) => `l${at}: indicators(values: ${values(1)}) { ${fields(900)} }`,
  );
  const { errorCodes } = await askHubSubgraph(reader, `{ ${lists.join(' ')} }`);
  expect(errorCodes).toEqual(['OPERATION_TOO_LARGE']);
});
