import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import type { IndicatorType } from './indicator-types.ts';

/** An indicator in canonical form. The type differs from the given one if the value is of another kind of address. */
export type CanonicalIndicator = { readonly type: IndicatorType; readonly value: string };

const maxLength = 2048;

/**
 * Returns an indicator in canonical form, so that every spelling of it has one key: defanged input (`hxxp`, `[.]`) is
 * restored, domain names are in ASCII (UTS 46), IPv6 addresses in the form of RFC 5952, hashes in lower case. Returns null
 * for a value that is not of its type.
 */
export function canonicalIndicator(type: IndicatorType, text: string): CanonicalIndicator | null {
  // The length comes first: the work on a long text is not proportional to it.
  if (text.length > maxLength) return null;
  const value = text.trim();
  if (value === '') return null;
  const canonical = forms[type](value);
  if (canonical === null || canonical === '') return null;
  return typeof canonical === 'string' ? { type, value: canonical } : canonical;
}

type Form = (value: string) => string | CanonicalIndicator | null;

const forms: Readonly<Record<IndicatorType, Form>> = {
  DOMAIN_NAME: (value) => toAddress(refang(value)) ?? toDomain(refang(value)),
  IPV4_ADDR: (value) => toAddress(refang(value)),
  IPV6_ADDR: (value) => toAddress(refang(value)),
  URL: (value) => toUrl(refang(value)),
  EMAIL_ADDR: (value) => toMail(refang(value)),
  FILE_MD5: hexOf(32),
  FILE_SHA1: hexOf(40),
  FILE_SHA256: hexOf(64),
  FILE_SHA512: hexOf(128),
  X509_CERTIFICATE_SHA1: hexOf(40),
  FILE_NAME: (value) => value,
  MUTEX: (value) => value,
  USER_AGENT: (value) => value,
  OTHER: (value) => value,
  WINDOWS_REGISTRY_KEY: toRegistryKey,
  AUTONOMOUS_SYSTEM: toAsNumber,
};

/** Restores a defanged address: `hxxps[://]evil[.]example`, `evil(dot)example`, `a[at]b.example`. */
function refang(value: string): string {
  return value
    .replace(/^h(?:xx|\*\*|tt)p(s?)(?=\W)/i, 'http$1')
    .replace(/^fxp(?=\W)/i, 'ftp')
    .replaceAll(/[[({]\s*(?:\.|dot)\s*[\])}]|\\\./gi, '.')
    .replaceAll(/[[({]\s*(?:@|at)\s*[\])}]/gi, '@')
    .replaceAll(/[[({]\s*(:\/\/|:|\/)\s*[\])}]/g, '$1');
}

/** Returns the ASCII form of a domain name; null if it is not one. */
function toDomain(value: string): string | null {
  const name = value.replace(/\.$/, '');
  if (/[\s/\\:@?#%]/.test(name) || !isShortHost(name)) return null;
  const ascii = domainToASCII(name);
  const labels = ascii.split('.');
  const isValid = ascii.length <= 253 && labels.every((label) => /^[a-z0-9_*-]{1,63}$/.test(label));
  return ascii !== '' && isValid ? ascii : null;
}

/** Punycode takes quadratic time. A name is never shorter in ASCII, so one that is too long before is too long after. */
function isShortHost(name: string): boolean {
  return name.length <= 253 && name.split(/[.\u3002\uff0e\uff61]/).every((part) => part.length <= 63);
}

/** Returns an IP address, or a network such as `192.0.2.0/24`. A network of one address is that address. */
function toAddress(value: string): CanonicalIndicator | null {
  const [, text = '', prefix] =
    /^\[?([0-9a-f.:]{2,45})(?:%[\w.-]{1,20})?\]?(?:\/(\d{1,3}))?$/i.exec(value) ?? [];
  const version = isIP(text);
  if (version === 0) return null;
  const bits = version === 4 ? 32 : 128;
  if (prefix !== undefined && Number(prefix) > bits) return null;
  const address = version === 4 ? text : toIpv6(text);
  const network = prefix === undefined || Number(prefix) === bits ? '' : `/${Number(prefix)}`;
  return { type: version === 4 ? 'IPV4_ADDR' : 'IPV6_ADDR', value: `${address}${network}` };
}

/** Returns an IPv6 address in the form of RFC 5952. An IPv4-mapped address keeps its dotted part (section 5). */
function toIpv6(text: string): string {
  const compressed = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped === null || !isIPv6(compressed)) return compressed;
  const [high, low] = mapped.slice(1).map((part) => Number.parseInt(part, 16)) as [number, number];
  return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/**
 * Returns a web address as the URL standard writes it: scheme and host in lower case and ASCII, no default port. One
 * without a scheme is kept as written, with its host in lower case.
 */
function toUrl(value: string): string | null {
  if (/\s/.test(value)) return null;
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(value) ?? [];
  if (!isShortHost(authority.replace(/^.*@/s, '').replace(/:\d*$/, ''))) return null;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  if (url !== null) return url.href.length <= maxLength ? url.href : null;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !/[./]/.test(value)) return null;
  return value.replace(/^[^/?#]*/, (host) => host.toLowerCase());
}

function toMail(value: string): string | null {
  const [, local = '', domain = ''] = /^([^\s@<>]{1,64})@([^\s@<>]{1,253})$/.exec(value) ?? [];
  const ascii = toDomain(domain);
  return local === '' || ascii === null ? null : `${local.toLowerCase()}@${ascii}`;
}

/** Returns a hash in lower case. Fingerprints can have colons. */
function hexOf(digits: number): Form {
  return (value) => {
    const hex = value.replaceAll(/[:\s]/g, '').toLowerCase();
    return hex.length === digits && /^[0-9a-f]+$/.test(hex) ? hex : null;
  };
}

const hives: Readonly<Record<string, string>> = {
  hklm: 'HKEY_LOCAL_MACHINE',
  hkcu: 'HKEY_CURRENT_USER',
  hkcr: 'HKEY_CLASSES_ROOT',
  hku: 'HKEY_USERS',
  hkcc: 'HKEY_CURRENT_CONFIG',
};

/** Returns a registry key with the whole name of its hive. Windows ignores the case of the rest. */
function toRegistryKey(value: string): string {
  const [hive = '', ...rest] = value.replaceAll(/\\{2,}/g, '\\').split('\\');
  const whole = hives[hive.toLowerCase().replace(/:$/, '')] ?? hive.toUpperCase();
  return [whole, ...rest.map((part) => part.toLowerCase())].join('\\');
}

/** Returns the number of an autonomous system: `AS64500`, `64500`, or `1.10` in the notation of RFC 5396. */
function toAsNumber(value: string): string | null {
  const [, whole, high, low] = /^(?:ASN?\s*)?(?:(\d{1,10})|(\d{1,5})\.(\d{1,5}))$/i.exec(value) ?? [];
  if (whole === undefined && high === undefined) return null;
  if (high !== undefined && (Number(high) > 65_535 || Number(low) > 65_535)) return null;
  const number = whole === undefined ? Number(high) * 65_536 + Number(low) : Number(whole);
  return number <= 4_294_967_295 ? String(number) : null;
}
