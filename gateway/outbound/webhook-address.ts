import { BlockList, isIP } from 'node:net';
import { type Form, FormError } from '../../schema/runtime/settings/settings.ts';
import { isLoopback } from '../../schema/runtime/tls.ts';
import { addNetwork, findUrlFault, isForbidden } from './address.ts';

/** The networks that the operator opens to webhooks. Outside production, the loopback is open too. */
export type WebhookNetworks = { readonly production: boolean; readonly permitted: BlockList };

const privateV4 = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
] as const;
const loopbackV4 = [['127.0.0.0', 8]] as const;

const closed = new BlockList();
for (const [network, prefix] of [...privateV4, ...loopbackV4]) addNetwork(closed, network, prefix);
closed.addSubnet('fc00::', 7, 'ipv6');
closed.addSubnet('fec0::', 10, 'ipv6');
closed.addSubnet('::1', 128, 'ipv6');
// NAT64 inside one network (RFC 8215) can lead to any of its addresses.
closed.addSubnet('64:ff9b:1::', 48, 'ipv6');

/** Networks in CIDR notation, with spaces between. */
export const networks: Form<BlockList> = {
  expected: 'networks such as 10.20.0.0/16, separated by spaces',
  read: (given) => {
    const list = new BlockList();
    for (const one of given.split(' ').filter((word) => word !== '')) {
      const [address = '', prefix = ''] = one.split('/');
      const version = isIP(address);
      const isPrefix = /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32);
      if (version === 0 || !isPrefix)
        throw new FormError(`expected a network such as 10.20.0.0/16, got ${one}`);
      list.addSubnet(address, Number(prefix), version === 6 ? 'ipv6' : 'ipv4');
    }
    return list;
  },
};

/**
 * Returns why the hub must not send to an address of a webhook; null if it may. Stricter than for subgraphs, because the
 * address is another organisation's: only https, and no address inside the networks of this deployment.
 */
export function findWebhookFault(given: string, networksOf: WebhookNetworks): string | null {
  const fault = findUrlFault(given);
  if (fault !== null) return fault;
  const { protocol, hostname } = new URL(given);
  const isOfTrial = !networksOf.production && isLoopback(hostname);
  if (protocol !== 'https:' && !isOfTrial) return `expected an https URL, got ${protocol}//${hostname}`;
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return isClosed(address, networksOf)
    ? `expected an address outside private networks, got ${hostname}: JCU_WEBHOOK_NETWORKS can permit it`
    : null;
}

/** Returns whether an IP address is one that no webhook may have. A host name is false: each of its addresses is checked. */
export function isClosed(address: string, { production, permitted }: WebhookNetworks): boolean {
  if (isForbidden(address)) return true;
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (!closed.check(address, family) || permitted.check(address, family)) return false;
  return production || !isLoopback(address);
}
