import { isMap, parseDocument } from 'yaml';
import type { Envelope } from '../../schema/record/envelope.ts';
import { policyOfTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import type { AdmittedKeys, Policy } from '../../schema/policy/decide/policy.ts';
import type { Reader } from '../../schema/protocol/reader.ts';

/** The policy of the repository with kinds of record besides, which marking and audience alone decide. */
export function policyWith(...kinds: readonly string[]): Policy {
  const texts = readPolicyTexts();
  const domain = parseDocument(texts['domain.yaml'] ?? '');
  for (const kind of kinds) {
    domain.setIn(['kinds', kind], { community: 'cert-eu', groups: ['content', 'audience'] });
    for (const collection of ['records', 'shared-by-marking'])
      domain.addIn(['collections', collection], kind);
  }
  if (!isMap(domain.contents)) throw new Error('expected domain.yaml to be a map');
  return policyOfTexts({ ...texts, 'domain.yaml': domain.toString() });
}

/** The policy as it stands in the repository, and two kinds that tests make up. */
export const policy: Policy = policyWith('Bulletin', 'Note');

/** The keys that a reader holds on the records of a kind. */
export function heldKeys(reader: Reader, now: Date, kind = 'Advisory'): readonly string[] {
  return [...policy.accessOf(reader, now).keys(kind)];
}

/** The keys that a record of a kind admits. */
export function admittedKeys(envelope: Envelope, kind = 'Advisory'): AdmittedKeys {
  return policy.admittedKeys(envelope, kind);
}

/** Whether the guard lets a reader have a record of a kind. */
export function reads(reader: Reader, envelope: unknown, now: Date, kind = 'Advisory'): boolean {
  return policy.decideRow(envelope, kind, policy.accessOf(reader, now)) !== null;
}
