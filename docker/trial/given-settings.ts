import { hubSettings } from '../../gateway/settings.ts';
import type { Environment } from '../../schema/runtime/settings/settings.ts';

/** Settings of the hub that the trial makes: its addresses, keys and policy. */
const ofTrial = [
  /^JCU_(HOST|PORT|STORE_URI|ISSUER|AUDIENCE|STRONG_ACR|SIGNING_KEY_FILE|DEPLOYMENT|SUPERGRAPH)$/,
  /^JCU_(POLICY_|TLS_|SUBGRAPH)/,
  /^NODE_ENV$/,
];

/** The settings of the hub that a user may give to the trial, such as its budgets. */
export const settable: readonly string[] = hubSettings
  .map(({ name }) => name)
  .filter((name) => !ofTrial.some((pattern) => pattern.test(name)));

/**
 * Returns the settings that the user gives to the trial: the variables of the environment that the trial does not make, and
 * `--set NAME=VALUE`, which takes precedence. Throws if `--set` names a setting that cannot be given.
 */
export function readGiven(env: Environment, sets: readonly string[]): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const name of settable) if (env[name] !== undefined) given[name] = env[name];
  for (const set of sets) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(set) ?? [];
    if (!settable.includes(name))
      throw new Error(`--set: expected NAME=VALUE with one of ${settable.join(', ')}, got ${set}`);
    given[name] = value;
  }
  return given;
}
