import { kinds } from '../../../../subgraphs/eeas/records.ts';
import {
  actors,
  dayOf,
  type Generated,
  oneOrPopular,
  keyOfActor,
  reference,
  stateOf,
  text,
  time,
} from './generated.ts';
import { contentOf } from './content.ts';

export const eeas: readonly Generated[] = [
  {
    community: 'eeas',
    kind: 'CyberIncident',
    share: 0.6,
    make: (at, chance, world) => {
      const sortAt = dayOf(chance);
      const named = actors(at, chance, world, 0, 2);
      const given = {
        reference: `generated-${at}`,
        name: chance.words(8),
        description: text(chance.words(60)),
        startedAt: time(sortAt),
        incidentTypes: ['Data theft'],
        receiverCountries: [chance.words(1)],
        receiverStates: [stateOf(chance)],
        receiverCategories: ['State institutions'],
        initiators: named.map((actor) => ({ name: chance.words(2), actor, attributionBasis: 'Media' })),
        actors: named,
        references: reference(chance),
      };
      return { ...contentOf('eeas', kinds, 'CyberIncident', given), sortAt, guarded: false };
    },
  },
  {
    community: 'eeas',
    kind: 'AttributionStatement',
    share: 0.4,
    make: (at, chance, world) => {
      const sortAt = dayOf(chance);
      const guarded = chance.next() < 0.5;
      const actor = keyOfActor(oneOrPopular(at, world, chance.below(world.actors)));
      const given = {
        kind: guarded ? 'TECHNICAL' : chance.of(['EU_STATEMENT', 'POLITICAL_NATIONAL', 'MEDIA']),
        madeBy: chance.words(2),
        madeByState: stateOf(chance),
        attributedTo: [{ actor }],
        wording: 'ATTRIBUTES',
        date: time(sortAt),
        basisPublic: true,
        confidence: chance.of(['LOW', 'MODERATE', 'HIGH']),
      };
      return { ...contentOf('eeas', kinds, 'AttributionStatement', given), sortAt, guarded };
    },
  },
];
