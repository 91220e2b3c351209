import { kinds } from '../../../../subgraphs/defence/records.ts';
import { uuidOf } from '../chance.ts';
import { cveAt, popularCve } from '../world.ts';
import {
  type Generated,
  instantOf,
  keyOfActor,
  keyOfCve,
  oneOrPopular,
  reference,
  stateOf,
  text,
} from './generated.ts';
import { contentOf } from './content.ts';

export const defence: readonly Generated[] = [
  {
    community: 'defence',
    kind: 'TechniqueUse',
    share: 0.5,
    make: (at, chance, world) => {
      const given = {
        stixId: `relationship--${uuidOf(`use ${at}`)}`,
        sourceRef: `intrusion-set--${uuidOf(`set ${chance.below(world.actors)}`)}`,
        targetRef: `attack-pattern--${uuidOf(`pattern ${chance.below(600)}`)}`,
        actor: keyOfActor(oneOrPopular(at, world, chance.below(world.actors))),
        description: text(chance.words(30)),
        references: reference(chance),
      };
      return {
        ...contentOf('defence', kinds, 'TechniqueUse', given),
        sortAt: instantOf(chance),
        guarded: false,
      };
    },
  },
  {
    community: 'defence',
    kind: 'DefenceAssessment',
    share: 0.5,
    make: (at, chance, world) => {
      const cve = at < world.popular ? popularCve : cveAt(chance.below(world.cves));
      const guarded = chance.next() < 0.5;
      const given = {
        subject: { vulnerability: keyOfCve(cve), actor: keyOfActor(chance.below(world.actors)) },
        question: chance.words(8),
        judgement: chance.words(40),
        statementKind: 'ASSESSMENT',
        confidence: chance.of(['LOW', 'MODERATE', 'HIGH']),
        missionImpact: guarded ? 'DENIED' : chance.of(['NONE', 'DEGRADED', 'UNKNOWN']),
        memberStatesConcerned: [stateOf(chance)],
        courseOfAction: [],
      };
      const made = contentOf('defence', kinds, 'DefenceAssessment', given);
      return { ...made, sortAt: instantOf(chance), guarded };
    },
  },
];
