import { isMap, parseDocument } from 'yaml';
import type { Envelope } from '../../schema/record/envelope.ts';
import { policyOfTexts, readPolicyTexts } from '../../schema/policy/decide/load.ts';
import type { AdmittedKeys, Policy } from '../../schema/policy/decide/policy.ts';
import type { Reader } from '../../schema/protocol/reader.ts';

/** Returns the repository's policy with additional kinds of record, which only marking and audience decide. */
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

/** Returns the repository's policy with other actions in the rule J33c: those of operators on the name of a Union entity. */
export function policyOnEntityNames(...actions: readonly string[]): Policy {
  const texts = readPolicyTexts();
  const rules = texts['baseline.yaml'] ?? '';
  const changed = rules.replace(/(id: J33c\n[^-]*may: )\[[^\]]*\]/, `$1[${actions.join(', ')}]`);
  if (changed === rules) throw new Error('expected the rule J33c in baseline.yaml');
  return policyOfTexts({ ...texts, 'baseline.yaml': changed });
}

/** The repository's policy with two additional kinds for tests. */
export const policy: Policy = policyWith('Bulletin', 'Note');

/** Returns the access keys that a reader holds for a kind of record. */
export function heldKeys(reader: Reader, now: Date, kind = 'Advisory'): readonly string[] {
  return [...policy.accessOf(reader, now).keys(kind)];
}

/** Returns the access keys that a record of a kind admits. */
export function admittedKeys(envelope: Envelope, kind = 'Advisory'): AdmittedKeys {
  return policy.admittedKeys(envelope, kind);
}

/** Returns whether the guard lets a reader read a record of a kind. */
export function reads(reader: Reader, envelope: unknown, now: Date, kind = 'Advisory'): boolean {
  return policy.decideRow(envelope, kind, policy.accessOf(reader, now)) !== null;
}
