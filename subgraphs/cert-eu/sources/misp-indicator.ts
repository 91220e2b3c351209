import { isIP } from 'node:net';
import type { IndicatorType } from '../../../schema/record/indicator-types.ts';
import { indicatorKey } from '../../../schema/record/keys.ts';

/**
 * Returns the keys of the indicators in a MISP attribute. For `filename|sha256` the hash comes before the name. Returns
 * none for an attribute that is not an indicator, or that identifies a victim or registrant.
 */
export function toIndicatorKeys(mispType: string, value: string): readonly string[] {
  const types = mispType.split('|');
  const values = types.length === 1 ? [value] : value.split('|');
  const keys = types.flatMap((type, at) => {
    const part = values[at]?.trim() ?? '';
    const indicator = part === '' ? null : toType(type, part);
    const key = indicator === null ? null : indicatorKey(indicator, part);
    return key === null ? [] : [key];
  });
  return keys.toSorted((one, other) => Number(isName(one)) - Number(isName(other)));
}

/** Returns true if an attribute of this type is an email address, which is personal data. */
export function isPersonal(mispType: string): boolean {
  return mispType.split('|').some((type) => types[type] === 'EMAIL_ADDR');
}

const types: Readonly<Record<string, IndicatorType | 'IP'>> = {
  domain: 'DOMAIN_NAME',
  hostname: 'DOMAIN_NAME',
  ip: 'IP',
  'ip-src': 'IP',
  'ip-dst': 'IP',
  url: 'URL',
  uri: 'URL',
  email: 'EMAIL_ADDR',
  'email-src': 'EMAIL_ADDR',
  'email-dst': 'EMAIL_ADDR',
  'email-reply-to': 'EMAIL_ADDR',
  md5: 'FILE_MD5',
  sha1: 'FILE_SHA1',
  sha256: 'FILE_SHA256',
  sha512: 'FILE_SHA512',
  filename: 'FILE_NAME',
  mutex: 'MUTEX',
  regkey: 'WINDOWS_REGISTRY_KEY',
  'x509-fingerprint-sha1': 'X509_CERTIFICATE_SHA1',
  'user-agent': 'USER_AGENT',
  AS: 'AUTONOMOUS_SYSTEM',
};

function toType(mispType: string, value: string): IndicatorType | null {
  const type = Object.hasOwn(types, mispType) ? types[mispType] : undefined;
  if (type !== 'IP') return type ?? null;
  const version = isIP(value.split('/', 1)[0] ?? '');
  return version === 0 ? null : version === 6 ? 'IPV6_ADDR' : 'IPV4_ADDR';
}

function isName(key: string): boolean {
  return key.startsWith('Indicator:FILE_NAME:');
}
