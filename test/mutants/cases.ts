import type { Guard } from './guard.ts';

/** Guards of postures, and of the split and the merge of joint cases. */
export const cases: readonly Guard[] = [
  {
    name: 'who records the posture of a network',
    file: 'schema/workflow/network/recorders.ts',
    from: 'when: { ...who.when, network: [name] }',
    to: 'when: who.when',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/postures',
  },
  {
    name: 'the list of the postures of a network',
    file: 'subgraphs/serve/workflow/posture-grounds.ts',
    from: 'list.length > 0 && !list.includes(posture)',
    to: 'list.length === 0 && !list.includes(posture)',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/postures',
  },
  {
    name: 'the correction of a posture by its recorder only',
    file: 'subgraphs/serve/workflow/posture-grounds.ts',
    from: "'envelope.originator': organisation,",
    to: "'envelope.custodian': 'joint-unit' as const,",
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/postures',
  },
  {
    name: 'one correction of a posture',
    file: 'subgraphs/serve/workflow/posture-effects.ts',
    from: 'if (progress === null) throw notCorrectable();',
    to: 'if (progress === null) return;',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/postures',
  },
  {
    name: 'postures that are written by their move only',
    file: 'schema/workflow/served.ts',
    from: "Posture: ['network'],",
    to: 'Posture: [],',
    project: 'parts',
    tests: 'test/subgraphs/joint-unit/postures',
  },
];
