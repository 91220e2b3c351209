import { expect, test } from '@jest/globals';
import { publisherOf } from '../../../../subgraphs/enisa/sources/publishers.ts';

test.each([
  ['https://www.cisa.gov/', 'cisa'],
  ['https://www.siemens.com', 'siemens'],
  ['https://psirt.bosch.com', 'bosch'],
  ['https://notcisa.gov.example', null],
  ['https://evilsiemens.com', null],
  ['not an address', null],
])('the originator of %s is %s', (namespace, originator) => {
  expect(publisherOf(namespace)).toBe(originator);
});
