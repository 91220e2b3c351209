/** Fictitious STIX 2.1 objects, with changes by the test. */

const uuid = (n: number) => `aaaaaaaa-0000-4000-8000-${`${n}`.padStart(12, '0')}`;

/** Makes the STIX id of an object. */
export const idOf = (type: string, n = 1) => `${type}--${uuid(n)}`;

/** Makes an object of a type. */
export const object = (type: string, n = 1, changes: object = {}) => ({
  type,
  spec_version: '2.1',
  id: idOf(type, n),
  created: '2026-09-01T10:00:00.000Z',
  modified: '2026-09-02T10:00:00.000Z',
  ...changes,
});

/** Makes an ATT&CK technique. */
export const technique = (changes: object = {}) =>
  object('attack-pattern', 1, {
    name: 'EXERCISE Knock',
    description: 'EXERCISE: it knocks.',
    external_references: [
      { source_name: 'mitre-attack', external_id: 'T9999', url: 'https://exercise.invalid/T9999' },
      { source_name: 'a report', url: 'https://exercise.invalid/report' },
    ],
    kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'execution' }],
    x_mitre_platforms: ['Linux', 'None'],
    ...changes,
  });

/** Makes an intrusion set. */
export const group = (changes: object = {}) =>
  object('intrusion-set', 1, {
    name: 'EXERCISE Heron',
    aliases: ['EXERCISE Heron', 'EX-1', 'EX-2'],
    ...changes,
  });

/** Makes a `uses` relationship. */
export const uses = (source: string, target: string, changes: object = {}) =>
  object('relationship', 1, {
    relationship_type: 'uses',
    source_ref: source,
    target_ref: target,
    description: 'EXERCISE: it does.',
    ...changes,
  });

/** Makes an indicator. */
export const indicator = (changes: object = {}) =>
  object('indicator', 1, {
    name: 'EXERCISE beacon',
    description: 'EXERCISE: a beacon.',
    pattern: "[domain-name:value = 'Beacon.Exercise.invalid'] OR [ipv4-addr:value = '192.0.2.7']",
    pattern_type: 'stix',
    valid_from: '2026-09-03T00:00:00Z',
    labels: ['one', 'two'],
    ...changes,
  });

/** The ids of the standard marking definitions. */
export const tlp = {
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  amberStrict: 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
  white1: 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9',
  green1: 'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da',
  amber1: 'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82',
  red1: 'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed',
} as const;

/** The STIX id of MITRE in ATT&CK. */
export const mitreIdentity = 'identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5';
/** The marking definition with the terms of use of ATT&CK. */
export const mitreTerms = 'marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168';
