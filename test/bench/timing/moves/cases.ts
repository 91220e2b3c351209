import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { type Acts, personOf, readingFor } from './acts.ts';

type Picture = Reader['picture'];

const offices = [{ office: 'case-lead', until: '2027-01-01T00:00:00.000Z' }];
/** The person who leads the cases. */
export const lead = personOf('enisa', ['joint-coordinator'], { offices });

/** The organisations that take part in the cases besides the lead, with their Member States. */
const members = [
  ['csirt-fr', 'FR'],
  ['csirt-pl', 'PL'],
] as const;
const readers = ['enisa', ...members.map(([organisation]) => organisation)];
const reason = 'EXERCISE';

/** Makes joint cases in a store. With a picture, only readers in it see them. */
export class Cases {
  readonly #acts: Acts;
  readonly #picture: Picture;

  constructor(acts: Acts, picture: Picture = 'real') {
    this.#acts = acts;
    this.#picture = picture;
  }

  /** Returns an open case that ENISA leads. `others` read it and take no part. */
  async open(name: string, others: readonly string[] = []): Promise<string> {
    const id = await this.#make(lead, 'draft', {
      content: { case: name, title: `EXERCISE ${randomUUID()}` },
      why: reason,
      proposedLead: 'enisa',
      reading: readingFor(...readers, ...others),
    });
    await this.#make(lead, 'open', {
      id,
      lead: 'enisa',
      invited: members.map(([organisation]) => organisation),
      purposes: ['incident-response'],
      highestMarking: 'AMBER',
      nextReviewAt: '2026-11-04T10:00:00.000Z',
    });
    return id;
  }

  /** Returns an active case in which two Member States call it an incident, so that its prompt names both. */
  async assessed(name: string, others: readonly string[]): Promise<string> {
    const id = await this.active(name, others);
    for (const [organisation, memberState] of members)
      await this.#make(personOf(organisation, ['csirt-analyst'], { memberState }), 'assessLevel', {
        id,
        value: 'INCIDENT',
        about: 'MEMBER_STATE',
        memberState,
        criteria: [reason],
        at: '2026-11-03T08:00:00.000Z',
      });
    return id;
  }

  /** Returns an active case that its members joined. */
  async active(name: string, others: readonly string[]): Promise<string> {
    const id = await this.open(name, others);
    await this.#make(lead, 'activate', { id, reason });
    for (const [organisation, memberState] of members)
      await this.#make(personOf(organisation, ['duty-officer'], { memberState }), 'join', { id });
    return id;
  }

  async #make(by: Reader, move: string, input: Readonly<Record<string, unknown>>): Promise<string> {
    return await this.#acts.make({ ...by, picture: this.#picture }, 'JointCaseRecord', move, input);
  }
}
