import { expect, test } from '@jest/globals';
import { indicatorTypeOf } from '../../../schema/record/indicator-form.ts';
import { indicatorTypes } from '../../../schema/record/indicator-types.ts';
import { canonicalIndicator } from '../../../schema/record/indicator-value.ts';

test.each<readonly [string | null, readonly string[]]>([
  ['IPV4_ADDR', ['192.0.2.7', '192[.]0[.]2[.]7', '192.0.2.0/24']],
  ['IPV6_ADDR', ['2001:db8::1', '[2001:DB8::1]', '2001:db8::/32']],
  ['DOMAIN_NAME', ['evil.example', 'evil[.]example', 'B\u00dcCHER.example', 'a.b.co.uk', 'example.zip']],
  [
    'URL',
    [
      'https://evil.example/x',
      'hxxps://evil[.]example/x',
      'evil.example/login',
      'evil.example:8080/x',
      '192.0.2.7/x',
    ],
  ],
  ['EMAIL_ADDR', ['a@evil.example', 'a[at]evil[.]example']],
  ['FILE_MD5', ['AB'.repeat(16)]],
  ['FILE_SHA1', ['ab'.repeat(20), 'AB:'.repeat(20).slice(0, -1)]],
  ['FILE_SHA256', ['ab'.repeat(32)]],
  ['FILE_SHA512', ['ab'.repeat(64)]],
  ['AUTONOMOUS_SYSTEM', ['AS64500', 'asn 64500']],
  ['WINDOWS_REGISTRY_KEY', ['HKLM\\Software\\X', 'HKEY_CURRENT_USER\\Run']],
  ['FILE_NAME', ['X.exe', 'invoice 12.docx']],
  [
    null,
    [
      '',
      '   ',
      '64500',
      'Global\\mutex',
      'Mozilla/5.0 (X11)',
      'lazarus',
      '300.1.1.1',
      'ab'.repeat(18),
      'a.b.1',
    ],
  ],
])('takes values of the form of %s as that type', (type, values) => {
  for (const value of values) expect([value, indicatorTypeOf(value)]).toEqual([value, type]);
});

test('takes a value as the type under which it is found, in canonical form too', () => {
  const values = [
    '192.0.2.7',
    '2001:db8::1',
    'evil.example',
    'https://evil.example/x',
    'a@evil.example',
    'AS64500',
  ];
  for (const value of values) {
    const type = indicatorTypeOf(value);
    expect(indicatorTypes).toContain(type);
    const canonical = type === null ? null : canonicalIndicator(type, value);
    expect(canonical?.type).toBe(type);
  }
});

test('ends at once for a long text', () => {
  expect(indicatorTypeOf('a.'.repeat(500_000))).toBeNull();
  expect(indicatorTypeOf(`${'a'.repeat(2000)}@`)).toBeNull();
});

test('converts no name that is too long to be one', () => {
  // Punycode takes quadratic time: 15 ms for a name of 2,000 different characters.
  const name = Array.from({ length: 1990 }, (_, at) => String.fromCodePoint(0x4e00 + at)).join('');
  const began = process.cpuUsage();
  for (let turn = 0; turn < 200; turn += 1)
    for (const value of [`${name}.eu`, `https://${name}.eu/`, `a@${name}.eu`, `${name}.eu/x`])
      expect(indicatorTypeOf(value)).not.toBe('DOMAIN_NAME');
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000);
});
