import { z } from 'zod';
import { actorKey } from '../../../schema/record/keys.ts';
import type { Source } from '../../serve/ingest/sources/source.ts';
import type { CriminalProfileContent } from '../records.ts';
import { publicDefaults } from './defaults.ts';
import { galaxyWords, listWords } from './galaxy-words.ts';

const meta = z.looseObject({
  motive: galaxyWords,
  'cfr-type-of-incident': galaxyWords,
  'cfr-target-category': galaxyWords,
  'targeted-sector': galaxyWords,
  'mode-of-operation': galaxyWords,
  capabilities: galaxyWords,
  refs: galaxyWords,
});
const shape = z.looseObject({ uuid: z.guid(), value: z.string(), meta: meta.nullish() });

/** One cluster of the MISP project's galaxy of threat actors. */
export type ThreatActorCluster = z.infer<typeof shape>;

/**
 * The MISP project's galaxy of threat actors: what it says of their motives, targets and ways. A cluster that says
 * nothing of these makes no record. Who is behind an actor is left out: no person is held here.
 */
export const mispGalaxy: Source<ThreatActorCluster> = {
  name: 'misp-galaxy',
  title: 'MISP galaxy of threat actors',
  expects: 'a JSON object with "type": "threat-actor" and an array "values"',
  locate: { at: 'member', name: 'values' },
  recognise: (head) => /"type"\s*:\s*"threat-actor"/.test(head) && /"values"\s*:\s*\[/.test(head),
  shape,
  map(raw) {
    const content = toContent(raw);
    if (saysNothing(content)) return [];
    const localId = raw.uuid.toLowerCase();
    return [{ kind: 'CriminalProfile', localId, content, sortAt: null, names: [content.actor] }];
  },
  defaults: publicDefaults('misp-project'),
  aliases: true,
  mapping: 1,
};

function toContent({ uuid, value, meta: said }: ThreatActorCluster): CriminalProfileContent {
  return {
    actor: actorKey({ uuid }) ?? '',
    name: value,
    motives: listWords(said?.motive),
    incidentTypes: listWords(said?.['cfr-type-of-incident']),
    targetCategories: listWords(said?.['cfr-target-category']),
    targetedSectors: listWords(said?.['targeted-sector']),
    modesOfOperation: listWords(said?.['mode-of-operation']),
    capabilities: listWords(said?.capabilities),
    references: listWords(said?.refs),
  };
}

function saysNothing(content: CriminalProfileContent): boolean {
  const { motives, incidentTypes, targetCategories, targetedSectors, modesOfOperation, capabilities } =
    content;
  const said = [motives, incidentTypes, targetCategories, targetedSectors, modesOfOperation, capabilities];
  return said.every((words) => words.length === 0);
}
