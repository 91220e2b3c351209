import { BlockList, isIP, isIPv6 } from 'node:net';
import { type Form, FormError } from '../../schema/runtime/settings/settings.ts';

/**
 * An http or https URL that the hub may connect to. Refuses credentials in the URL, because they would appear in logs; a
 * host that is not written in its canonical form, such as `2130706433` or `0x7f.1`, because a person does not recognise
 * the address; and an address that `isForbidden`.
 */
export const outboundUrl: Form<string> = {
  expected: 'an http or https URL',
  read: (given) => {
    const fault = findUrlFault(given);
    if (fault !== null) throw new FormError(fault);
    return given;
  },
};

/** Returns why the hub must not connect to a URL; null if it may. A message never quotes credentials. */
export function findUrlFault(given: string): string | null {
  const [, authority = null] = /^https?:\/\/([^/?#]*)/.exec(given) ?? [];
  if (authority?.includes('@')) return 'expected a URL without user name and password';
  if (authority === null || !URL.canParse(given)) return `expected an http or https URL, got ${given}`;
  const { hostname } = new URL(given);
  const written = authority.replace(/:\d*$/, '').toLowerCase();
  if (written !== hostname) return `expected the host in its canonical form, ${hostname}, got ${written}`;
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isForbidden(address) ? `expected the address of a server, got ${hostname}: ${reason}` : null;
}

const reason = 'link-local, metadata, multicast and unspecified addresses are refused';

/**
 * Returns whether no subgraph and no issuer can have this IP address: link-local (the metadata services of clouds answer
 * there), the metadata addresses outside link-local, unspecified, multicast and reserved. Loopback and private ranges
 * are allowed: the networks of a Compose deployment are private, and a trial runs on the loopback. A host name is false.
 */
export function isForbidden(address: string): boolean {
  // A zone such as `%eth0` is allowed on link-local addresses only.
  if (address.includes('%')) return isIPv6(address);
  const version = isIP(address);
  return version !== 0 && forbidden.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

const forbiddenV4 = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Metadata services: Alibaba, Azure, Oracle.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
] as const;

const forbiddenV6 = [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  // Metadata services: AWS, Google.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
] as const;

const forbidden = new BlockList();
for (const [network, prefix] of forbiddenV4) addNetwork(forbidden, network, prefix);
for (const [network, prefix] of forbiddenV6) forbidden.addSubnet(network, prefix, 'ipv6');

/**
 * Adds an IPv4 network to a list, in all its forms. `BlockList` applies IPv4 rules to IPv4-mapped IPv6 addresses. NAT64 and
 * 6to4 addresses need rules.
 */
export function addNetwork(list: BlockList, network: string, prefix: number): void {
  list.addSubnet(network, prefix, 'ipv4');
  list.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
  list.addSubnet(`2002:${hexOf(network)}::`, 16 + prefix, 'ipv6');
}

function hexOf(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
