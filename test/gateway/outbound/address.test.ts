import { expect, test } from '@jest/globals';
import { findUrlFault, isForbidden } from '../../../gateway/outbound/address.ts';

test.each([
  'https://enisa.example/graphql',
  'https://enisa:4443/graphql',
  'http://127.0.0.1:4001/graphql',
  'http://localhost:4001/graphql',
  'http://[::1]:4001/graphql',
  'https://10.1.2.3/graphql',
  'https://172.16.0.9/graphql',
  'https://192.168.1.1:4443/graphql',
  'https://[fd12:3456::1]/graphql',
  'https://ENISA.example/graphql',
  'https://xn--bcher-kva.example/graphql?of=a@b',
])('accepts %s', (url) => {
  expect(findUrlFault(url)).toBeNull();
});

test.each([
  ['http://169.254.169.254/latest/meta-data', /link-local/],
  ['http://169.254.0.1', /link-local/],
  ['http://[fe80::1]/graphql', /link-local/],
  ['http://[::ffff:169.254.169.254]/graphql', /canonical|link-local/],
  ['http://[::ffff:a9fe:a9fe]/graphql', /link-local/],
  ['http://[64:ff9b::a9fe:a9fe]/graphql', /link-local/],
  ['http://[2002:a9fe:a9fe::]/graphql', /link-local/],
  ['http://[fd00:ec2::254]/graphql', /metadata/],
  ['http://100.100.100.200/graphql', /metadata/],
  ['http://168.63.129.16/graphql', /metadata/],
  ['http://0.0.0.0:4001/graphql', /unspecified/],
  ['http://[::]:4001/graphql', /unspecified/],
  ['http://224.0.0.1/graphql', /multicast/],
  ['http://[ff02::1]/graphql', /multicast/],
  ['http://255.255.255.255/graphql', /refused/],
  ['http://2130706433/graphql', /canonical form, 127\.0\.0\.1, got 2130706433/],
  ['http://017700000001/graphql', /canonical form/],
  ['http://0177.0.0.1/graphql', /canonical form/],
  ['http://0x7f000001/graphql', /canonical form/],
  ['http://0x7f.1/graphql', /canonical form/],
  ['http://127.1/graphql', /canonical form/],
  ['http://2852039166/', /canonical form/],
  ['http://enisa%2eexample/graphql', /canonical form/],
  ['http://①②⑦.0.0.1/graphql', /canonical form/],
  ['http:\\\\169.254.169.254/', /http or https URL/],
  ['http://exa\tmple/graphql', /canonical form/],
  ['https:enisa.example', /http or https URL/],
  ['http:///169.254.169.254/', /canonical form|http or https/],
  ['ftp://enisa.example/graphql', /http or https URL/],
  ['file:///etc/passwd', /http or https URL/],
  ['unix:/run/enisa.sock', /http or https URL/],
  ['gopher://enisa.example', /http or https URL/],
  ['', /http or https URL/],
])('refuses %s', (url, fault) => {
  expect(findUrlFault(url)).toMatch(fault);
});

test('refuses credentials in a URL, and does not quote them', () => {
  for (const url of [
    'https://user:secret@enisa.example/',
    'https://secret@enisa.example',
    'https://@enisa.example',
  ]) {
    const fault = findUrlFault(url);
    expect(fault).toBe('expected a URL without user name and password');
  }
});

test('decides by the address, not by its spelling', () => {
  for (const address of ['fe80::1%eth0', 'febf::1', '::ffff:169.254.1.1', '::ffff:0:0', 'FE80::1'])
    expect([address, isForbidden(address)]).toEqual([address, true]);
  for (const address of [
    'fec0::1',
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    'fd00::1',
    'enisa',
    '169.253.255.255',
    '170.0.0.0',
  ])
    expect([address, isForbidden(address)]).toEqual([address, false]);
});
