/** A kind of reader: its number in the list of 36 kinds, its name, and its role in the policy. */
export type ReaderKind = { readonly number: number; readonly name: string; readonly role: string };

/** Returns a kind of reader by its number. Throws if the trial has no reader of this kind. */
export function kindOfReader(number: number): ReaderKind {
  const kind = kinds.find((one) => one.number === number);
  if (kind === undefined)
    throw new Error(`expected the number of a kind of reader of the trial, got ${number}`);
  return kind;
}

const kinds: readonly ReaderKind[] = [
  { number: 1, name: 'CSIRT analyst (Member State)', role: 'csirt-analyst' },
  { number: 2, name: 'single point of contact', role: 'single-point-of-contact' },
  { number: 3, name: 'supervisor at a competent authority', role: 'supervisor' },
  { number: 4, name: 'EU-CyCLONe officer', role: 'cyclone-officer' },
  { number: 5, name: 'EU-CyCLONe executive', role: 'cyclone-executive' },
  { number: 6, name: 'ENISA analyst', role: 'enisa-analyst' },
  { number: 7, name: 'ENISA as secretariat of a network', role: 'network-secretariat' },
  { number: 8, name: 'ENISA Reserve desk', role: 'reserve-desk' },
  { number: 9, name: 'CERT-EU analyst', role: 'cert-eu-analyst' },
  { number: 10, name: 'security officer of a Union entity', role: 'union-entity-officer' },
  { number: 11, name: 'IICB secretariat', role: 'iicb-secretariat' },
  { number: 12, name: 'Europol EC3 analyst', role: 'europol-analyst' },
  { number: 13, name: 'national unit or police officer', role: 'police-officer' },
  { number: 14, name: 'Eurojust or prosecutor', role: 'prosecutor' },
  { number: 15, name: 'EEAS cyber desk', role: 'eeas-desk' },
  { number: 16, name: 'delegate in the Horizontal Working Party', role: 'council-delegate' },
  { number: 17, name: 'milCERT analyst', role: 'milcert-analyst' },
  { number: 18, name: 'CRRT lead or mission officer', role: 'crrt-lead' },
  { number: 19, name: 'Commission crisis coordination', role: 'commission-coordinator' },
  { number: 20, name: 'Council secretariat (IPCR)', role: 'council-secretariat' },
  { number: 21, name: 'national or cross-border cyber hub', role: 'cyber-hub' },
  { number: 22, name: 'private partner as provider', role: 'private-provider' },
  { number: 23, name: 'private partner as user', role: 'private-user' },
  { number: 24, name: 'Reserve provider on a deployment', role: 'reserve-provider' },
  { number: 25, name: 'liaison of a third state or NATO', role: 'liaison' },
  { number: 26, name: 'joint coordinator', role: 'joint-coordinator' },
  { number: 27, name: 'duty officer', role: 'duty-officer' },
  { number: 28, name: 'community operator', role: 'community-operator' },
  { number: 29, name: 'connector (machine)', role: 'connector' },
  { number: 30, name: 'exercise director', role: 'exercise-director' },
  { number: 31, name: 'policy auditor', role: 'policy-auditor' },
  { number: 32, name: 'data protection officer', role: 'data-protection-officer' },
  { number: 35, name: 'hub administrator', role: 'hub-administrator' },
];
