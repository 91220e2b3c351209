import { HubError } from '../../schema/errors.ts';
import type { Identity } from '../request/context.ts';
import type { Registry } from '../registry/registry.ts';
import type { Revocations } from '../registry/revocations.ts';
import { type TokenRules, type VerifiedToken, verifyToken } from './verify-token.ts';

/**
 * Returns the reader of a bearer token. The token gives subject and purpose; the registry gives organisation, roles and
 * groups at this second, and says whether the token was revoked. Throws UNAUTHENTICATED,
 * ISSUER_UNAVAILABLE or REGISTRY_UNAVAILABLE.
 */
export async function identify(
  authorization: string | undefined,
  rules: TokenRules & { readonly strongAcr: readonly string[] },
  registry: Registry & Revocations,
  now: Date,
): Promise<Identity> {
  const bearer = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
  if (bearer === undefined) throw new HubError('UNAUTHENTICATED', 'Authorization: expected a bearer token');
  const token = await verifyToken(bearer, rules, now);
  if (registry.isRevoked(token, now)) throw new HubError('UNAUTHENTICATED', 'the token was revoked');
  const membership = await registry.findMembership(token.subject, now);
  if (membership === null || membership.organisation !== token.organisation) {
    throw new HubError(
      'UNAUTHENTICATED',
      'the registry has no current membership of this subject in the organisation of the token',
    );
  }
  const onScreen = isOnScreen(token, rules.strongAcr);
  const { subject, purpose, picture } = token;
  const client = token.interactive ? ('person' as const) : ('machine' as const);
  const { budget, ...facts } = membership;
  // An office is a natural person's, also where every role suits it.
  const offices = client === 'person' ? membership.offices : [];
  const reader = { subject, ...facts, offices, client, purpose, picture, onScreen };
  return { reader, token: { clientId: token.clientId, id: token.id }, expiresAt: token.expiresAt, budget };
}

/** TLP:RED needs a person at a screen: an interactive client and strong authentication. */
function isOnScreen(token: VerifiedToken, strongAcr: readonly string[]): boolean {
  return token.interactive && token.acr !== null && strongAcr.includes(token.acr);
}
