import { normaliseName } from '../../../../schema/record/keys.ts';
import { actorAt } from '../world.ts';
import {
  dayOf,
  instantOf,
  text,
  time,
  reference,
  keyOfActor,
  keyOfCve,
  oneOrPopular,
  cves,
  actors,
  type Generated,
} from './generated.ts';

export const europol: readonly Generated[] = [
  {
    community: 'europol',
    kind: 'RansomwareFamily',
    share: 0.5,
    make: (at, chance, world) => {
      const named = cves(at, chance, world, 0, 3);
      const actorKeys = actors(at + world.popular, chance, world, 0, 1);
      const sortAt = dayOf(chance);
      const content = {
        name: `Generated Family ${at}`,
        nameKey: normaliseName(`Generated Family ${at}`) ?? '',
        synonyms: [`GF-${at}`],
        description: text(chance.words(40)),
        firstSeen: time(sortAt),
        extensions: ['.locked'],
        ransomNotes: [text(chance.words(30))],
        ransomNoteFiles: ['README.txt'],
        encryption: 'AES',
        paymentMethod: null,
        price: null,
        decryptorAvailable: chance.of(['YES', 'NO', 'UNKNOWN'] as const),
        successorOf: [],
        operationalState: null,
        vulnerabilities: named,
        actors: actorKeys,
        references: reference(chance),
      };
      return { content, names: [...named.map(keyOfCve), ...actorKeys], sortAt, guarded: false };
    },
  },
  {
    community: 'europol',
    kind: 'CriminalProfile',
    share: 0.5,
    make: (at, chance, world) => {
      const actor = oneOrPopular(at, world, chance.below(world.actors));
      const content = {
        actor: keyOfActor(actor),
        name: actorAt(actor).name,
        motives: ['financial'],
        incidentTypes: ['Extortion'],
        targetCategories: ['Private sector'],
        targetedSectors: [chance.words(1)],
        modesOfOperation: [chance.words(10)],
        capabilities: [chance.words(5)],
        references: reference(chance),
      };
      return { content, names: [content.actor], sortAt: instantOf(chance), guarded: true };
    },
  },
];
