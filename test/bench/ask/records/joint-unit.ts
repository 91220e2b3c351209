import { kinds } from '../../../../subgraphs/joint-unit/records.ts';
import { actors, cves, type Generated, instantOf, keyOfCve, stateOf, text } from './generated.ts';
import { contentOf } from './content.ts';

export const jointUnit: readonly Generated[] = [
  {
    community: 'joint-unit',
    kind: 'JointCaseRecord',
    share: 0.5,
    make: (at, chance, world) => {
      const guarded = chance.next() < 0.5;
      const given = {
        case: `JointCase:JC-2026-${String(at).padStart(4, '0')}`,
        title: chance.words(8),
        workflow: guarded ? 'DRAFT' : chance.of(['OPEN', 'ACTIVE', 'MONITORING', 'CLOSED']),
        phase: 'RESPONSE',
        statesAffected: [{ state: stateOf(chance), impact: chance.words(10) }],
        sectors: [chance.words(1)],
        vulnerabilities: cves(at, chance, world, 0, 2).map(keyOfCve),
        actors: actors(at, chance, world, 0, 1),
        questionsOpen: [chance.words(12)],
      };
      return {
        ...contentOf('joint-unit', kinds, 'JointCaseRecord', given),
        sortAt: instantOf(chance),
        guarded,
      };
    },
  },
  {
    community: 'joint-unit',
    kind: 'SituationReport',
    share: 0.5,
    make: (_at, chance) => {
      const given = {
        title: text(chance.words(8)),
        kind: chance.of(['FLASH', 'PERIODIC', 'THEMATIC']),
        keyJudgements: [{ text: chance.words(40), confidence: 'MODERATE' }],
        statesCovered: [stateOf(chance)],
        state: 'PUBLISHED',
      };
      const made = contentOf('joint-unit', kinds, 'SituationReport', given);
      return { ...made, sortAt: instantOf(chance), guarded: false };
    },
  },
];
