import { actorKey, indicatorKey, normaliseName } from '../../../schema/keys.ts';
import type { Community } from '../../../schema/vocabulary.ts';
import type { Mapped } from '../../../subgraphs/serve/ingest/source.ts';
import type {
  ActorProfileContent,
  AdvisoryContent,
  MispEventContent,
  SightingContent,
} from '../../../subgraphs/cert-eu/records.ts';
import type {
  ExploitationStatementContent,
  VulnerabilityRecordContent,
} from '../../../subgraphs/enisa/records.ts';
import type { CriminalProfileContent, RansomwareFamilyContent } from '../../../subgraphs/europol/records.ts';
import { type Chance, uuidOf } from './chance.ts';
import { actorAt, cveAt, popularActor, popularCve, receivedAt, type World } from './world.ts';

/** What a generated record says, before its marking: `guarded` where its section is one. */
export type Said = Pick<Mapped, 'content' | 'names'> & { readonly sortAt: Date; readonly guarded: boolean };

/** One kind of generated records: its share of a store, and how the one at a place is made. */
export type Generated = {
  readonly community: Community;
  readonly kind: string;
  readonly share: number;
  make(at: number, chance: Chance, world: World): Said;
};

const begin = Date.parse('2016-01-01T00:00:00Z');
const day = 86_400_000;
const days = 3650;

const dayOf = (chance: Chance) => new Date(begin + chance.below(days) * day);
const instantOf = (chance: Chance) => new Date(begin + chance.below(days * day));
const text = (value: string) => ({ value, lang: 'en' });
const time = (utc: Date) => ({ utc, precision: 'DAY' as const, declaredZone: null });
const reference = (chance: Chance) => [`https://records.example/${chance.below(1e9)}`];

function cves(at: number, chance: Chance, world: World, least: number, most: number): readonly string[] {
  const own = Array.from({ length: least + chance.below(most - least + 1) }, () =>
    cveAt(chance.below(world.cves)),
  );
  return at < world.popular ? [popularCve, ...own] : own;
}

function actors(at: number, chance: Chance, world: World, least: number, most: number): readonly string[] {
  const own = Array.from({ length: least + chance.below(most - least + 1) }, () =>
    keyOfActor(chance.below(world.actors)),
  );
  return at < world.popular ? [keyOfActor(popularActor), ...own] : own;
}

const keyOfActor = (at: number) => actorKey({ uuid: actorAt(at).uuid }) ?? '';
const keyOfCve = (cve: string) => `Vulnerability:${cve}`;
const oneOrPopular = (at: number, world: World, one: number) => (at < world.popular ? popularActor : one);

/** The kinds that fill the stores, and what a record of each is like. */
export const generated: readonly Generated[] = [
  {
    community: 'enisa',
    kind: 'VulnerabilityRecord',
    share: 0.6,
    make: (at, chance, world) => {
      const cve = at < world.popular ? popularCve : cveAt(chance.below(world.cves));
      const guarded = chance.next() < 0.1;
      const sortAt = instantOf(chance);
      const content: VulnerabilityRecordContent = {
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
      const content: ExploitationStatementContent = {
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
  {
    community: 'cert-eu',
    kind: 'Advisory',
    share: 0.25,
    make: (at, chance, world) => {
      const named = cves(at, chance, world, 1, 5);
      const sortAt = instantOf(chance);
      const content: AdvisoryContent = {
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
      const content: MispEventContent = {
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
      const content: SightingContent = {
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
    // A galaxy's clusters say no time: all that came in one import have the same place in time.
    kind: 'ActorProfile',
    share: 0.05,
    make: (_at, chance, world) => {
      const at = chance.below(world.actors);
      const content: ActorProfileContent = {
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
  {
    community: 'europol',
    kind: 'RansomwareFamily',
    share: 0.5,
    make: (at, chance, world) => {
      const named = cves(at, chance, world, 0, 3);
      const actorKeys = actors(at + world.popular, chance, world, 0, 1);
      const sortAt = dayOf(chance);
      const content: RansomwareFamilyContent = {
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
      const content: CriminalProfileContent = {
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
