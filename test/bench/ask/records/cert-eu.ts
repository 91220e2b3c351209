import { indicatorKey } from '../../../../schema/record/keys.ts';
import { uuidOf } from '../chance.ts';
import { actorAt, receivedAt } from '../world.ts';
import {
  dayOf,
  instantOf,
  text,
  time,
  reference,
  keyOfActor,
  keyOfCve,
  cves,
  actors,
  type Generated,
} from './generated.ts';

export const certEu: readonly Generated[] = [
  {
    community: 'cert-eu',
    kind: 'Advisory',
    share: 0.25,
    make: (at, chance, world) => {
      const named = cves(at, chance, world, 1, 5);
      const sortAt = instantOf(chance);
      const content = {
        serial: `${sortAt.getUTCFullYear()}-${at}`,
        title: text(chance.words(6)),
        versions: [{ version: '1.0', date: time(sortAt), change: 'first' }],
        publishedAt: time(sortAt),
        summary: text(chance.words(50)),
        technicalDetails: text(chance.words(60)),
        affectedProducts: text(chance.words(20)),
        recommendations: text(chance.words(30)),
        vulnerabilities: named,
        exploitedInTheWild: chance.of(['YES', 'NO', 'UNKNOWN'] as const),
        references: reference(chance),
        licence: null,
        file: null,
      };
      return { content, names: named.map(keyOfCve), sortAt, guarded: false };
    },
  },
  {
    community: 'cert-eu',
    kind: 'MispEvent',
    share: 0.15,
    make: (at, chance, world) => {
      const named = cves(at + world.popular, chance, world, 0, 3);
      const actorKeys = actors(at, chance, world, 0, 2);
      const sortAt = dayOf(chance);
      const guarded = at >= world.popular && chance.next() < 0.3;
      const content = {
        uuid: uuidOf(`event ${at}`),
        info: text(chance.words(10)),
        date: time(sortAt),
        threatLevel: guarded ? 'HIGH' : chance.of(['MEDIUM', 'LOW', 'UNDEFINED'] as const),
        analysis: 'COMPLETED',
        distribution: 3,
        tags: ['generated'],
        techniques: [{ attackId: 'T1059', name: 'Command and Scripting Interpreter' }],
        actors: actorKeys,
        vulnerabilities: named,
      };
      return { content, names: [...named.map(keyOfCve), ...actorKeys], sortAt, guarded };
    },
  },
  {
    community: 'cert-eu',
    kind: 'Sighting',
    share: 0.55,
    make: (_at, chance, world) => {
      const indicator = indicatorKey('DOMAIN_NAME', `host-${chance.below(world.indicators)}.example`) ?? '';
      const event = `MispEvent:${uuidOf(`MispEvent ${chance.below(world.events)}`)}`;
      const content = {
        indicator,
        event,
        mispType: 'domain',
        category: 'Network activity',
        objectName: null,
        toIds: true,
        comment: text(chance.words(8)),
        seenAt: null,
      };
      return { content, names: [indicator, event], sortAt: instantOf(chance), guarded: false };
    },
  },
  {
    community: 'cert-eu',
    // A galaxy's clusters have no date: all records of one import have the same sort time.
    kind: 'ActorProfile',
    share: 0.05,
    make: (_at, chance, world) => {
      const at = chance.below(world.actors);
      const content = {
        actor: keyOfActor(at),
        name: actorAt(at).name,
        synonyms: actorAt(at).synonyms,
        description: text(chance.words(40)),
        suspectedSponsor: null,
        country: chance.of(['AA', 'QM', 'XA', 'XB', 'ZZ']),
        attributionConfidence: chance.below(101),
        suspectedVictims: [],
        targetCategories: ['Government'],
        incidentTypes: ['Espionage'],
        references: reference(chance),
      };
      return { content, names: [content.actor], sortAt: receivedAt, guarded: false };
    },
  },
];
