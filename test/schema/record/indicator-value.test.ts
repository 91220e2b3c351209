import { expect, test } from '@jest/globals';
import type { IndicatorType } from '../../../schema/record/indicator-types.ts';
import { indicatorKey } from '../../../schema/record/keys.ts';

test.each<readonly [IndicatorType, string, readonly string[]]>([
  [
    'DOMAIN_NAME',
    'DOMAIN_NAME:evil.example',
    ['evil.example', 'EVIL.example.', 'evil[.]example', 'evil(dot)example'],
  ],
  [
    'DOMAIN_NAME',
    'DOMAIN_NAME:xn--bcher-kva.example',
    ['b\u00fccher.example', 'B\u00dcCHER.example', 'xn--bcher-kva.example'],
  ],
  [
    'IPV6_ADDR',
    'IPV6_ADDR:2001:db8::1',
    ['2001:DB8:0:0::1', '2001:0db8:0000::0001', '[2001:db8::1]', '2001:db8::1/128'],
  ],
  ['IPV6_ADDR', 'IPV6_ADDR:::ffff:192.0.2.1', ['::ffff:192.0.2.1', '::FFFF:c000:201']],
  ['IPV4_ADDR', 'IPV4_ADDR:192.0.2.7', ['192.0.2.7', '192[.]0[.]2[.]7', '192.0.2.7/32']],
  [
    'URL',
    'URL:https://evil.example/Path',
    ['hxxps://EVIL[.]example/Path', 'https://evil.example:443/Path', 'hxxps[:]//evil.example/Path'],
  ],
  ['EMAIL_ADDR', 'EMAIL_ADDR:a@evil.example', ['A@Evil.example', 'a[at]evil[.]example']],
  ['FILE_MD5', `FILE_MD5:${'ab'.repeat(16)}`, ['AB'.repeat(16)]],
  ['X509_CERTIFICATE_SHA1', `X509_CERTIFICATE_SHA1:${'ab'.repeat(20)}`, ['AB:'.repeat(20).slice(0, -1)]],
  ['AUTONOMOUS_SYSTEM', 'AUTONOMOUS_SYSTEM:64500', ['AS64500', '64500', 'asn 64500']],
  [
    'WINDOWS_REGISTRY_KEY',
    'WINDOWS_REGISTRY_KEY:HKEY_LOCAL_MACHINE\\software\\x',
    ['HKLM\\Software\\X', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\x'],
  ],
  ['FILE_NAME', 'FILE_NAME:X.exe', ['X.exe']],
])('every spelling of a %s has the key %s', (type, key, spellings) => {
  for (const spelling of spellings)
    expect([spelling, indicatorKey(type, spelling)]).toEqual([spelling, `Indicator:${key}`]);
});

test.each<readonly [IndicatorType, string]>([
  ['DOMAIN_NAME', 'no domain at all'],
  ['DOMAIN_NAME', 'http://a.example/'],
  ['IPV4_ADDR', '300.1.1.1'],
  ['IPV4_ADDR', '192.0.2.1/33'],
  ['URL', 'two words'],
  ['EMAIL_ADDR', 'nobody'],
  ['FILE_SHA256', 'abc'],
  ['AUTONOMOUS_SYSTEM', 'AS4294967296'],
])('%s has no key for %s', (type, value) => expect(indicatorKey(type, value)).toBeNull());
