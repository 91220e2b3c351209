import { z } from 'zod';
import { actorKey, findCveIds } from '../../../../schema/record/keys.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import { markingOf, noAudience, readTlp } from '../../../../subgraphs/serve/record/marking.ts';
import type { Mapped, Source } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { parseTime } from '../../../../subgraphs/serve/ingest/sources/time.ts';
import { text, time, words } from '../../../../subgraphs/serve/record/shapes.ts';

/** A made-up community with two kinds of records, one belonging to the other: what every import has in common. */
export const community: CommunityPart = {
  name: 'cert-eu',
  kinds: [
    {
      type: 'Bulletin',
      collection: 'bulletins',
      content: { title: String, text, publishedAt: time, actors: words },
      filters: { title: 'content.title' },
    },
    { type: 'Note', collection: 'notes', content: { bulletin: String, value: String }, filters: {} },
  ],
  resolvers: {},
};

const shape = z.looseObject({
  id: z.string(),
  title: z.string(),
  text: z.string(),
  published: z.string(),
  tlp: z.string().optional(),
  actors: z.array(z.string()).optional(),
  notes: z.array(z.string()).optional(),
  breaks: z.boolean().optional(),
  originator: z.string().optional(),
});

export type Bulletin = z.infer<typeof shape>;

/** Its one source: `{ "title": …, "bulletins": [ … ] }`. */
export const bulletins: Source<Bulletin> = {
  name: 'bulletins',
  title: 'Bulletins of the exercise',
  expects: 'an object with an array "bulletins"',
  locate: { at: 'member', name: 'bulletins', orWhole: true },
  recognise: (head) => head.includes('"bulletins"'),
  shape,
  map(raw, context) {
    if (raw.breaks === true) throw new TypeError(`cannot read ${raw.text}`);
    const actors = (raw.actors ?? []).flatMap(
      (name) => context.resolveActor(name) ?? actorKey({ name }) ?? [],
    );
    const publishedAt = parseTime(raw.published);
    const content = { title: raw.title, text: { value: raw.text, lang: 'en' }, publishedAt, actors };
    const says = {
      reportedAt: publishedAt,
      ...(raw.originator === undefined ? {} : { originator: raw.originator }),
      ...(raw.tlp === undefined ? {} : { marking: { tlp: readTlp(raw.tlp) } }),
    };
    const names = [...findCveIds(raw.text).map((id) => `Vulnerability:${id}`), ...actors];
    const bulletin = { kind: 'Bulletin', localId: raw.id, content, sortAt: publishedAt.utc, says, names };
    return [bulletin, ...(raw.notes ?? []).map((value, at) => toNote(raw, value, at, publishedAt.utc))];
  },
  defaults: {
    originator: 'exercise-originator',
    provider: 'exercise-provider',
    custodian: 'cert-eu',
    marking: markingOf('GREEN'),
    audience: noAudience,
    purposes: ['incident-response'],
    exercise: 'exercise:import',
    sourceUrl: null,
  },
  resolves: true,
  mapping: 1,
};

function toNote(raw: Bulletin, value: string, at: number, sortAt: Date): Mapped {
  return {
    kind: 'Note',
    localId: `${raw.id}/${at}`,
    content: { value },
    sortAt,
    names: [],
    belongsTo: { bulletin: { kind: 'Bulletin', localId: raw.id } },
  };
}
