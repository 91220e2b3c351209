import { expect, test } from '@jest/globals';
import { BlockList } from 'node:net';
import { findWebhookFault, isClosed, networks } from '../../../gateway/outbound/webhook-address.ts';

const production = { production: true, permitted: new BlockList() };
const trial = { production: false, permitted: new BlockList() };

test.each([
  'https://hooks.example/jcu',
  'https://hooks.example:8443/jcu?token=1',
  'https://203.0.113.7/',
  'https://[2001:db8::1]/',
])('accepts %s', (url) => {
  expect(findWebhookFault(url, production)).toBeNull();
});

test.each([
  ['http://hooks.example/', /https URL/],
  ['http://127.0.0.1:9000/', /https URL/],
  ['https://127.0.0.1/', /outside private networks/],
  ['https://[::1]/', /outside private networks/],
  ['https://10.1.2.3/', /outside private networks/],
  ['https://172.31.0.9/', /outside private networks/],
  ['https://192.168.1.1/', /outside private networks/],
  ['https://100.64.0.1/', /outside private networks/],
  ['https://[fd12:3456::1]/', /outside private networks/],
  ['https://[64:ff9b::a01:203]/', /outside private networks/],
  ['https://[2002:a01:203::]/', /outside private networks/],
  ['https://[::ffff:a01:203]/', /outside private networks/],
  ['https://169.254.169.254/', /link-local/],
  ['https://user:secret@hooks.example/', /without user name/],
  ['https://0x7f.1/', /canonical form/],
  ['file:///etc/passwd', /http or https URL/],
])('refuses %s in production', (url, fault) => {
  expect(findWebhookFault(url, production)).toMatch(fault);
});

test('permits the loopback in a trial, without https, and no other address without https', () => {
  expect(findWebhookFault('http://127.0.0.1:9000/', trial)).toBeNull();
  expect(findWebhookFault('http://localhost:9000/', trial)).toBeNull();
  expect(findWebhookFault('http://10.1.2.3/', trial)).toMatch(/https URL/);
  expect(findWebhookFault('https://10.1.2.3/', trial)).toMatch(/outside private/);
});

test('permits the private networks of the operator, and nothing beyond them', () => {
  const permitted = networks.read('10.20.0.0/16 fd00:20::/32');
  const open = { production: true, permitted };
  for (const address of ['10.20.0.1', 'fd00:20::1', '::ffff:10.20.0.1'])
    expect([address, isClosed(address, open)]).toEqual([address, false]);
  for (const address of ['10.21.0.1', 'fd00:21::1', '127.0.0.1', '169.254.169.254'])
    expect([address, isClosed(address, open)]).toEqual([address, true]);
  // The addresses of metadata services stay closed.
  const all = { production: true, permitted: networks.read('0.0.0.0/0') };
  expect([isClosed('169.254.169.254', all), isClosed('192.168.0.1', all)]).toEqual([true, false]);
});

test.each(['10.20.0.0', '10.20.0.0/33', 'fd00::/129', 'hooks.example/8', '10.20.0.0/x'])(
  'refuses the network %s in the settings',
  (text) => expect(() => networks.read(text)).toThrow('expected a network such as'),
);
