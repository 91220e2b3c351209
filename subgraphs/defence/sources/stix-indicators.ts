import { isIP } from 'node:net';
import type { IndicatorType } from '../../../schema/record/indicator-types.ts';
import { indicatorKey } from '../../../schema/record/keys.ts';
import type { StixObject } from './stix-shape.ts';

/** The maximum number of keys that are read from one pattern. */
const maxKeys = 1000;

const quoted = String.raw`'(?:[^'\\]|\\.){0,2048}'`;
const literal = String.raw`(?:${quoted}|-?\d{1,20}(?![\w.]))`;

/**
 * A comparison for equality with a value, or with each of a set. Any other text in quotes is skipped, since it may look like
 * a comparison. Every repetition is bounded, so that the time is linear in the pattern.
 */
const comparison = new RegExp(
  String.raw`(?<![a-z0-9-])([a-z0-9-]{1,64}):([\w.'-]{1,200})\s{0,20}` +
    String.raw`(?:==?\s{0,20}(${literal})|IN\s{0,20}\(((?:\s{0,20}${literal}\s{0,20},?){1,1000})\))|${quoted}`,
  'gs',
);

/**
 * Returns the keys of the values in a STIX pattern: of comparisons with `=` and `IN`. Negated and partial comparisons give
 * no keys.
 */
export function keysOfPattern(pattern: string): readonly string[] {
  const keys = new Set<string>();
  for (const [, type = '', path = '', one = '', set = ''] of pattern.matchAll(comparison)) {
    for (const [value] of `${one}${set}`.matchAll(literals)) {
      const key = toKey(`${type}:${path}`, valueOf(value));
      if (key !== null) keys.add(key);
      if (keys.size === maxKeys) return [...keys];
    }
  }
  return [...keys];
}

const literals = new RegExp(literal, 'gs');

function valueOf(written: string): string {
  return written.startsWith("'") ? written.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : written;
}

/** Returns the keys of an observable object. */
export function keysOfObservable(object: Readonly<Record<string, unknown>>): readonly string[] {
  const { type, value, name, key, number, hashes } = object as Partial<StixObject>;
  const values: readonly (readonly [string, unknown])[] = [
    ...Object.entries(hashes ?? {}).map(([algorithm, hash]) => [`hashes.${algorithm}`, hash] as const),
    ['value', value],
    ['name', name],
    ['key', key],
    ['number', number?.toString()],
  ];
  return values.flatMap(([path, text]) =>
    typeof text === 'string' ? (toKey(`${type}:${path}`, text) ?? []) : [],
  );
}

/** Returns true if the key is an email address, which is personal data. */
export function isPersonal(key: string): boolean {
  return key.startsWith('Indicator:EMAIL_ADDR:');
}

const types: Readonly<Record<string, IndicatorType | 'ADDRESS'>> = {
  'ipv4-addr:value': 'IPV4_ADDR',
  'ipv6-addr:value': 'IPV6_ADDR',
  'network-traffic:src_ref.value': 'ADDRESS',
  'network-traffic:dst_ref.value': 'ADDRESS',
  'domain-name:value': 'DOMAIN_NAME',
  'url:value': 'URL',
  'email-addr:value': 'EMAIL_ADDR',
  'file:hashes.md5': 'FILE_MD5',
  'file:hashes.sha1': 'FILE_SHA1',
  'file:hashes.sha256': 'FILE_SHA256',
  'file:hashes.sha512': 'FILE_SHA512',
  'file:name': 'FILE_NAME',
  'mutex:name': 'MUTEX',
  'windows-registry-key:key': 'WINDOWS_REGISTRY_KEY',
  'x509-certificate:hashes.sha1': 'X509_CERTIFICATE_SHA1',
  'autonomous-system:number': 'AUTONOMOUS_SYSTEM',
};

function toKey(path: string, value: string): string | null {
  const plain = path
    .toLowerCase()
    .replaceAll("'", '')
    .replace(/hashes\.sha-?/, 'hashes.sha');
  const type = Object.hasOwn(types, plain) ? types[plain] : undefined;
  if (type === undefined) return null;
  return indicatorKey(type === 'ADDRESS' ? addressType(value) : type, value);
}

function addressType(value: string): IndicatorType {
  const version = isIP(value);
  if (version === 0) return 'DOMAIN_NAME';
  return version === 6 ? 'IPV6_ADDR' : 'IPV4_ADDR';
}
