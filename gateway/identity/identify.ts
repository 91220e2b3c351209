import { HubError } from '../../schema/errors.ts';
import type { Identity } from '../request/context.ts';
import type { Registry } from '../registry/registry.ts';
import { type TokenRules, type VerifiedToken, verifyToken } from './verify-token.ts';

/**
 * The reader behind a bearer token: the token says who and for what, the registry says with which organisation,
 * roles and groups at this second. Throws UNAUTHENTICATED or REGISTRY_UNAVAILABLE.
 */
export async function identify(
  authorization: string | undefined,
  rules: TokenRules & { readonly strongAcr: readonly string[] },
  registry: Registry,
  now: Date,
): Promise<Identity> {
  const bearer = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
  if (bearer === undefined) throw new HubError('UNAUTHENTICATED', 'no bearer token');
  const token = await verifyToken(bearer, rules, now);
  const membership = await registry.findMembership(token.subject, now);
  if (membership === null || membership.organisation !== token.organisation) {
    throw new HubError('UNAUTHENTICATED', 'the registry knows no such member of that organisation');
  }
  const onScreen = isOnScreen(token, rules.strongAcr);
  const { subject, purpose, picture } = token;
  const client = token.interactive ? ('person' as const) : ('machine' as const);
  const { budget, ...facts } = membership;
  const reader = { subject, ...facts, client, purpose, picture, onScreen };
  return { reader, token: { clientId: token.clientId, id: token.id }, budget };
}

/** RED is for a natural person at a screen: an interactive client and strong authentication, never a machine. */
function isOnScreen(token: VerifiedToken, strongAcr: readonly string[]): boolean {
  return token.interactive && token.acr !== null && strongAcr.includes(token.acr);
}
