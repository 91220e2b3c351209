import { policySettings } from '../../schema/policy/bundle/files.ts';
import { shareLimits } from '../../schema/protocol/shareable.ts';
import { bytes, jsonFile, oneOf, text, wholeNumber } from '../../schema/runtime/settings/forms.ts';
import {
  type Environment,
  type Read,
  readDeclared,
  secret,
  setting,
} from '../../schema/runtime/settings/settings.ts';
import { checkTracesUrl, metricsSettings, tracesSettings } from '../../schema/runtime/observe/settings.ts';
import { logLevel, mode } from '../../schema/runtime/settings/common.ts';
import { checkTls, isLoopback, tlsSettings } from '../../schema/runtime/tls.ts';
import type { Community } from '../../schema/record/vocabulary.ts';

/** The store of a community: one URI, one database, one user. Imports and operator commands need no other setting. */
export const storeSettings = {
  storeUri: secret('JCU_STORE_URI', "MongoDB URI of the community's own store", text),
};

/** The settings of one subgraph. */
export const subgraphSettings = {
  host: setting('JCU_HOST', 'address to listen on', text, '127.0.0.1'),
  port: setting('JCU_PORT', 'port to listen on; 0 selects a free port', wholeNumber(0, 65_535), '0'),
  ...storeSettings,
  hubKeysFile: setting(
    'JCU_HUB_KEYS_FILE',
    "the hub's public keys, a JWKS file (RFC 7517); read again when it changes",
    jsonFile,
  ),
  ...policySettings,
  cursorKey: secret('JCU_CURSOR_KEY', "random key that encrypts this community's cursors", bytes(32)),
  shareLimit: setting(
    'JCU_SHARE_LIMIT',
    'strictest TLP colour of the records in an answer that the hub may give to other readers with the same rights, from memory: NONE, CLEAR, GREEN, AMBER or AMBER_STRICT; never RED, H1 to H3, or under embargo',
    oneOf(...shareLimits),
    'GREEN',
  ),
  ...tlsSettings,
  log: logLevel,
  ...metricsSettings,
  ...tracesSettings,
  production: mode,
};

/** The settings of one subgraph, checked. */
export type SubgraphSettings = Read<typeof subgraphSettings> & { readonly community: Community };

/** Reads the settings of one subgraph. Throws one error that lists every missing or invalid variable. */
export function readSettings(community: Community, env: Environment): SubgraphSettings {
  const wrong: string[] = [];
  const settings = { community, ...readDeclared(subgraphSettings, env, wrong) };
  checkTls(settings, wrong);
  if (wrong.length === 0 && settings.production) checkTracesUrl(settings.tracesUrl, wrong);
  // Plain HTTP in production is for a TLS proxy on the same machine, so it must listen on loopback.
  if (wrong.length === 0 && settings.production && settings.tlsCert === null && !isLoopback(settings.host))
    wrong.push(
      `JCU_TLS_CERT_FILE: expected a certificate with NODE_ENV=production on ${settings.host}, got nothing`,
    );
  if (wrong.length > 0) throw new Error(`${community} cannot start:\n  ${wrong.join('\n  ')}`);
  return settings;
}
