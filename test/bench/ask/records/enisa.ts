import { cveAt, popularCve } from '../world.ts';
import { dayOf, instantOf, text, time, reference, keyOfCve, actors, type Generated } from './generated.ts';

export const enisa: readonly Generated[] = [
  {
    community: 'enisa',
    kind: 'VulnerabilityRecord',
    share: 0.6,
    make: (at, chance, world) => {
      const cve = at < world.popular ? popularCve : cveAt(chance.below(world.cves));
      const guarded = chance.next() < 0.1;
      const sortAt = instantOf(chance);
      const content = {
        vulnerability: cve,
        cveId: cve,
        euvdId: null,
        aliases: [],
        title: text(chance.words(6)),
        description: text(chance.words(45)),
        state: guarded ? 'RESERVED' : 'PUBLISHED',
        publishedAt: time(sortAt),
        updatedAt: null,
        cwes: [`CWE-${chance.below(1300)}`],
        cvss: [
          {
            version: '3.1',
            vector: null,
            score: chance.below(100) / 10,
            severity: 'HIGH',
            scoredBy: 'ENISA',
          },
        ],
        products: [
          {
            vendor: chance.words(1),
            product: chance.words(2),
            versionRange: '< 9.9',
            cpe: null,
            purl: null,
            status: 'known_affected',
          },
        ],
        references: reference(chance),
      };
      return { content, names: [keyOfCve(cve)], sortAt, guarded };
    },
  },
  {
    community: 'enisa',
    kind: 'ExploitationStatement',
    share: 0.4,
    make: (at, chance, world) => {
      const cve = at < world.popular ? popularCve : cveAt(chance.below(world.cves));
      const named = chance.next() < 0.3 ? actors(at, chance, world, 1, 1) : [];
      const sortAt = dayOf(chance);
      const content = {
        vulnerability: cve,
        catalogue: chance.of(['EU_KEV', 'CISA_KEV', 'CRA_14', 'NATIONAL'] as const),
        assertedBy: chance.words(2),
        memberState: chance.next() < 0.3 ? 'FR' : null,
        firstSeen: time(sortAt),
        reportedAt: time(sortAt),
        patchedSince: null,
        exploitationTypes: ['UNKNOWN'],
        ransomwareUse: chance.next() < 0.2 ? 'KNOWN' : 'UNKNOWN',
        actors: named,
        requiredAction: text(chance.words(15)),
        dueDate: null,
        notes: text(chance.words(15)),
      };
      const state = content.memberState === null ? [] : [`MemberState:${content.memberState}`];
      return { content, names: [keyOfCve(cve), ...named, ...state], sortAt, guarded: false };
    },
  },
];
