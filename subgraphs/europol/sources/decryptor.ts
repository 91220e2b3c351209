/**
 * YES where a reference is a decryptor itself, on the page or in the folder of a body known to publish them; UNKNOWN
 * otherwise. News of one, a list of many, and one said to work no more count for nothing: a victim who trusts the
 * answer must find the tool behind it.
 */
export function findDecryptor(references: readonly string[]): 'YES' | 'UNKNOWN' {
  return references.some(isDecryptor) ? 'YES' : 'UNKNOWN';
}

/** Publishers by host, and what a path of a decryptor of one family looks like there. */
const publishers: Readonly<Record<string, RegExp>> = {
  'decrypter.emsisoft.com': /^\/(download\/)?[a-z0-9-]+\/?$/i,
  'www.emsisoft.com': /^\/(en\/)?ransomware-decryption\/[a-z0-9-]+\/?$/i,
  'www.nomoreransom.org': /^\/uploads\/.*decrypt/i,
  'download.bleepingcomputer.com': /decrypt[eo]r\.(zip|exe)$/i,
  'files.avast.com': /decryptor.*\.exe$/i,
  'media.kaspersky.com': /decryptor\.(zip|exe)$/i,
};

function isDecryptor(reference: string): boolean {
  const url = URL.parse(reference.trim());
  if (url === null || !Object.hasOwn(publishers, url.hostname)) return false;
  return publishers[url.hostname]?.test(url.pathname) === true && url.pathname.length < 500;
}
