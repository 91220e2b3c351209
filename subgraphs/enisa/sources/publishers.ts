/**
 * Originators of CSAF documents by the domain of the publisher's namespace (CSAF 2.0, section 3.2.1.8.5). Each domain is the
 * publisher's own one; hosts below it, such as that of a PSIRT, count as the publisher too.
 */
export const publishers: Readonly<Record<string, string>> = {
  'abb.com': 'abb',
  'bosch.com': 'bosch',
  'bsi.bund.de': 'bsi-de',
  'cert-bund.de': 'bsi-de',
  'certvde.com': 'cert-vde',
  'cert.vde.com': 'cert-vde',
  'cisa.gov': 'cisa',
  'cisco.com': 'cisco',
  'hitachienergy.com': 'hitachi-energy',
  'intevation.de': 'intevation',
  'microsoft.com': 'microsoft',
  'ncsc.nl': 'csirt-nl',
  'nozominetworks.com': 'nozomi-networks',
  'open-xchange.com': 'open-xchange',
  'oracle.com': 'oracle',
  'phoenixcontact.com': 'phoenix-contact',
  'redhat.com': 'red-hat',
  'se.com': 'schneider-electric',
  'sick.com': 'sick',
  'siemens.com': 'siemens',
  'suse.com': 'suse',
  'us-cert.gov': 'cisa',
};

/** Returns the originator for a publisher's namespace, by its domain or one above it; null if it is not known. */
export function publisherOf(namespace: string): string | null {
  const labels = URL.parse(namespace)?.hostname.toLowerCase().split('.') ?? [];
  for (let from = 0; from < labels.length - 1; from += 1) {
    const domain = labels.slice(from).join('.');
    if (Object.hasOwn(publishers, domain)) return publishers[domain] ?? null;
  }
  return null;
}
