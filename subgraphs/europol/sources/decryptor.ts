/**
 * Returns YES if a reference leads to a decryptor on the site of a known publisher, UNKNOWN otherwise. News about a
 * decryptor or a list of decryptors does not count: a victim must find a working tool at the address.
 */
export function findDecryptor(references: readonly string[]): 'YES' | 'UNKNOWN' {
  return references.some(isDecryptor) ? 'YES' : 'UNKNOWN';
}

/** Publishers by host, with the form of a path to the decryptor of one family. */
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
