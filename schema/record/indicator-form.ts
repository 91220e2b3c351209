import type { IndicatorType } from './indicator-types.ts';
import { canonicalIndicator } from './indicator-value.ts';

/** Endings of names that are files, and no domains. */
const fileEndings =
  /^[^\\/:*?"<>|]{1,200}\.(?:exe|dll|sys|scr|bat|cmd|ps1|vbs|vbe|jse|wsf|hta|lnk|msi|jar|apk|elf|bin|dat|tmp|iso|img|docx?|docm|xlsx?|xlsm|pptx?|pptm|pdf|rtf|7z|rar|gz|tar)$/i;

/** The forms that say a type, in the order in which they are tried. Every other type fits any text. */
const forms: readonly { readonly type: IndicatorType; readonly fits: (value: string) => boolean }[] = [
  { type: 'IPV4_ADDR', fits: () => true },
  { type: 'FILE_MD5', fits: () => true },
  { type: 'FILE_SHA1', fits: () => true },
  { type: 'FILE_SHA256', fits: () => true },
  { type: 'FILE_SHA512', fits: () => true },
  { type: 'AUTONOMOUS_SYSTEM', fits: (value) => /^asn?\s*\d/i.test(value) },
  { type: 'WINDOWS_REGISTRY_KEY', fits: (value) => /^(?:HKEY_[A-Z_]+|HK(?:LM|CU|CR|U|CC)):?\\/i.test(value) },
  { type: 'EMAIL_ADDR', fits: () => true },
  { type: 'FILE_NAME', fits: (value) => fileEndings.test(value) },
  { type: 'DOMAIN_NAME', fits: hasTopLevel },
  { type: 'URL', fits: hasHost },
];

/**
 * Returns the type of an observable value whose form says it, in any spelling. Null for a value that could be anything, such
 * as the name of a mutex. A hash of 40 digits is taken as the SHA-1 of a file.
 */
export function indicatorTypeOf(value: string): IndicatorType | null {
  const text = value.trim();
  for (const { type, fits } of forms) {
    const canonical = canonicalIndicator(type, text);
    if (canonical !== null && fits(type === 'DOMAIN_NAME' || type === 'URL' ? canonical.value : text))
      return canonical.type;
  }
  return null;
}

/** Returns whether a name has several parts, of which the last can be a top-level domain. */
function hasTopLevel(name: string): boolean {
  return /^[^.]+(?:\.[^.]+)*\.(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})$/.test(name);
}

/** Returns whether a canonical URL has a scheme, or begins with a domain name or an address and a path. */
function hasHost(url: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]/.test(url)) return true;
  const [, host = ''] = /^([^/?#:]+)(?::\d{1,5})?\//.exec(url) ?? [];
  return hasTopLevel(host) || canonicalIndicator('IPV4_ADDR', host) !== null;
}
