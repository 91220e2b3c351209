import { deadlinesKey } from '../../../../schema/workflow/deadline-key.ts';
import { community } from '../../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { requestContent } from '../../../helpers/information-request.ts';
import type { Road } from '../road.ts';
import { Acts, personOf, readingFor } from './acts.ts';
import { Cases } from './cases.ts';

const own = 'csirt-de';
const other = 'csirt-es';
const reader = personOf(own, ['csirt-analyst'], { memberState: 'DE' });
const asker = personOf('csirt-fr', ['csirt-analyst']);
/** A person with a purpose that the reader does not have. */
const hiding = { ...asker, purpose: 'crisis-coordination' as const };
const answerBy = '2026-11-04T10:00:00.000Z';

/** A case takes more moves than a request, so there are fewer of them. */
const requestsForCase = 6;

const listed = 'recordId thread { id } workflow';
const day = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-20T00:00:00Z') };
const query = `query Q($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Inbox { jointUnit(first: 100) { edges { node { ${listed} name } } } }
  ... on Tasks { tasks: jointUnit(first: 100) { ${listed} mutations } }
  ... on Deadlines { deadlines: jointUnit(first: 100) { ${listed} name dueAt } }
} }`;
const prompts = `{ jointCaseRecords(first: 50) { nodes { id prompt { memberStates { id } } } } }`;
const prompt = `query Q($id: ID!) { jointCaseRecord(id: $id) { prompt { memberStates { id } } levels { differ } threads { state } } }`;

/**
 * Returns the roads of an organisation's inbox, tasks, deadlines and prompts. In the first store further records concern the
 * organisation, but the reader may not see them. In the second they concern another organisation. Both stores are alike
 * otherwise.
 */
export async function inboxRoads(
  concerned: CommunityStore,
  unconcerned: CommunityStore,
  records: number,
): Promise<readonly Road[]> {
  const [hidden, absent] = [new Acts(community, concerned), new Acts(community, unconcerned)];
  const [assessed, silent] = await fill(hidden, own, records);
  await fill(absent, other, records);
  const road = (name: string, text: string, variables: object = {}): Road => ({
    name,
    hidden: hidden.asking(reader, text, { ...variables }),
    absent: absent.asking(reader, text, { ...variables }),
  });
  const of = (name: string, typename: string, id: string): Road =>
    road(name, query, { representations: [{ __typename: typename, id }] });
  return [
    of('the inbox', 'Inbox', 'Inbox:own'),
    of('the tasks', 'Tasks', 'Tasks:own'),
    of('the deadlines', 'Deadlines', deadlinesKey(day)),
    road('the prompts of all cases', prompts),
    {
      name: 'the prompt of a case, from hidden assessments',
      hidden: hidden.asking(reader, prompt, { id: assessed }),
      absent: hidden.asking(reader, prompt, { id: silent }),
    },
  ];
}

/**
 * Fills a store with requests and cases that the reader sees, and with hidden ones that concern an organisation. Returns a case
 * that the reader sees without its assessments, and one that has none.
 */
async function fill(acts: Acts, concerned: string, records: number): Promise<readonly [string, string]> {
  const content = requestContent({ answerBy });
  const purposes = [hiding.purpose];
  const reading = { ...readingFor('csirt-fr', concerned), purposes };
  for (let at = 0; at < records; at += 1) {
    await acts.make(asker, 'InformationRequest', 'send', { content, addressees: [own] });
    await acts.make(hiding, 'InformationRequest', 'send', { content, addressees: [concerned], reading });
  }
  const [shown, hidden] = [new Cases(acts), new Cases(acts, 'exercise:e-1')];
  for (let at = 0; at < Math.ceil(records / requestsForCase); at += 1) {
    await shown.assessed(`JC-2026-100${at}`, [own]);
    await hidden.assessed(`JC-2026-200${at}`, [concerned]);
  }
  return [await shown.assessed('JC-2026-3000', [own]), await shown.active('JC-2026-3001', [own])];
}
