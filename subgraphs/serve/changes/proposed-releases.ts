import { randomUUID } from 'node:crypto';
import type { ReaderAccess } from '../../../schema/policy/decide/policy.ts';
import type { Released, ReleaseProposal, StoredRecord } from '../../../schema/record/envelope.ts';
import { maxMembers } from '../../../schema/protocol/members.ts';
import { endOfProposal, grantIdOf } from '../../../schema/record/release.ts';
import type { Kind } from '../kind.ts';
import { textIn } from './act.ts';
import type { OnRecord } from './change-steps.ts';
import { needsSecondPerson, refuseHeld } from './held-back.ts';
import { Refused } from './refused.ts';
import {
  fieldsIn,
  hasLapsed,
  isPending,
  personIn,
  recipientOf,
  refuseEnd,
  refuseMany,
  ReleaseSteps,
  replaced,
} from './release-steps.ts';
import type { ReleaseInput } from './releases.ts';
import type { Outcome } from './write-once.ts';

export type ProposeInput = ReleaseInput & { readonly person?: string | null };
export type ConfirmReleaseInput = OnRecord & { readonly release: string; readonly reason: string };

const workflow = 'grant';

/**
 * The releases that two persons of the originator make (W9a): of RED to one named person, and of the handling codes H1 and H2.
 * The one proposes, which opens nothing, and another one with the same right confirms. The hub has entered the grant in the
 * registry, but no record names it before it is confirmed.
 */
export class ProposedReleases extends ReleaseSteps {
  /** Proposes the release of a record, or of fields of it. The policy permits it as it permits a release (J09, J09c). */
  async propose(input: ProposeInput): Promise<Outcome> {
    return await this.once(input, 'proposeRelease', async (find, session) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const { envelope } = before;
      const { now, reader } = this.parts.readerAccess;
      this.#refuseReader(kind, before);
      const to = recipientOf(input, envelope);
      const { until } = input;
      refuseEnd(until, now);
      const [person, fields] = [personIn(input), fieldsIn(input, envelope)];
      this.#refuseParts(kind, before, { person, fields });
      this.#refuseStranger(to, person);
      refuseMany(envelope, now, 'to');
      await this.refuseEndless(input.id, workflow, ['grant', 'propose'], session);
      const confirmBy = endOfProposal(until, now);
      const proposal = { person, by: reader.subject, at: now, confirmBy, confirmedAt: null };
      const grant = grantIdOf({ by: envelope.originator, to, until, proposal });
      const purpose = textIn(input, 'purpose');
      const added = { id: randomUUID(), grant, to, until, fields, purpose, proposal };
      this.refuseVain(kind, envelope, confirmedAt(added, now));
      const others = (envelope.released ?? []).filter((one) => !hasLapsed(one, now));
      refuseAgain(others.filter(isPending), added);
      const act = { workflow, move: 'propose', from: null, to: 'proposed', values: { ...added } } as const;
      return this.withProposals(before, [...others, added], input, act);
    });
  }

  /** Confirms a proposed release as a second person, who has the right to release what it opens. */
  async confirm(input: ConfirmReleaseInput): Promise<Outcome> {
    return await this.once(input, 'confirmRelease', async (find) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const { now } = this.parts.readerAccess;
      const one = this.seenRelease(kind, before.envelope, input.release);
      const proposal = one?.proposal;
      if (one === undefined || proposal === undefined)
        throw new Refused('INVALID', ['release'], 'expected a proposed release that the record shows to you');
      this.#refuseReader(kind, before);
      if (stateOf({ ...one, proposal }, now) !== 'PROPOSED')
        throw new Refused(
          'CLOSED',
          ['release'],
          'expected a release that waits for confirmation: propose it again if it has lapsed',
        );
      this.refuseSamePerson(proposal);
      refuseMany(before.envelope, now, 'release');
      this.#refuseParts(kind, before, { person: proposal.person, fields: one.fields });
      const confirmed = confirmedAt({ ...one, proposal }, now);
      this.refuseVain(kind, before.envelope, confirmed);
      const values = { release: one.id, reason: textIn(input, 'reason') };
      const act = { workflow, move: 'confirm', from: 'proposed', to: 'active', values } as const;
      return this.withReleases(before, replaced(before.envelope, confirmed, now), input, act);
    });
  }

  /** Refuses a reader who may not release the record, and a record that is not released. */
  #refuseReader(kind: Kind, { envelope }: StoredRecord): void {
    if (!this.mayOn('release', kind, envelope))
      throw new Refused(
        'NOT_ALLOWED',
        ['id'],
        'only a natural person of its originator releases a record: RED on screen, with strong authentication',
      );
    this.refuseOfWorkflow(kind);
    if (envelope.personalData?.present === true)
      throw new Refused('NOT_ALLOWED', ['id'], 'a record with personal data is not released here');
  }

  /** Refuses parts that nobody releases, that one person releases, or that another organisation must release. */
  #refuseParts(
    kind: Kind,
    before: StoredRecord,
    { person, fields }: { readonly person: string | null; readonly fields: readonly string[] | null },
  ): void {
    const { provider, originator } = before.envelope;
    for (const part of this.released(kind, before, fields)) {
      refuseHeld(part, this.parts.readerAccess.now);
      if (!needsSecondPerson(part))
        throw new Refused(
          'INVALID',
          [fields === null ? 'id' : 'fields'],
          'one person releases what is neither RED nor marked with H1 or H2: release it without a proposal',
        );
      if (part.marking.tlp === 'RED' && person === null)
        throw new Refused('INVALID', ['person'], 'TLP:RED is released to one person: state the subject');
      // Europol passes on what others provided only by the provider's permission, whatever the code (Regulation (EU) 2016/794).
      const isOfProvider = this.parts.community === 'europol' || part.marking.handlingCodes.includes('H2');
      if (isOfProvider && provider !== originator)
        throw new Refused(
          'NOT_ALLOWED',
          ['id'],
          'it needs the permission of the provider, which is not the originator: ask the provider',
        );
    }
  }

  /**
   * Refuses a person whom the hub does not state as a member of the organisation. Only a reader who may release the record comes
   * so far, so nobody else learns who is a member of what.
   */
  #refuseStranger(to: string, person: string | null): void {
    const { members = [] } = this.parts;
    if (person === null || members.some((one) => one.organisation === to && one.subject === person)) return;
    throw new Refused(
      'INVALID',
      ['person'],
      `expected the subject of a member of the organisation, as the registry has it; one operation can propose to ${maxMembers} persons at most`,
    );
  }
}

/** Returns the proposal of a release as the graph shows it to the originator. Null for another release. */
export function proposalSeen(release: Released, { now }: Pick<ReaderAccess, 'now'>): object | null {
  const { proposal } = release;
  if (proposal === undefined) return null;
  const { person, at, confirmBy, confirmedAt: confirmed } = proposal;
  const state = stateOf({ ...release, proposal }, now);
  return { state, person, proposedAt: at, confirmBy, confirmedAt: confirmed };
}

/** The most proposals of one person that wait on one record. */
const maxProposals = 3;

function fieldsText({ fields }: Pick<Released, 'fields'>): string {
  return (fields ?? []).toSorted().join(' ');
}

/** Refuses a proposal like one that waits, and one too many of the same person. Both are proposals that the person knows. */
function refuseAgain(pending: readonly Released[], { grant, fields, proposal }: OfProposal): void {
  if (pending.some((one) => one.grant === grant && fieldsText(one) === fieldsText({ fields })))
    throw new Refused('CLOSED', ['to'], 'a proposal with these terms waits for a second person');
  if (pending.filter((one) => one.proposal?.by === proposal.by).length >= maxProposals)
    throw new Refused(
      'CLOSED',
      ['to'],
      `${maxProposals} proposals of yours wait on this record: have one confirmed, or withdraw one`,
    );
}

type OfProposal = Released & { readonly proposal: ReleaseProposal };

function stateOf(release: OfProposal, now: Date): string {
  if (hasLapsed(release, now)) return 'LAPSED';
  if (release.proposal.confirmedAt === null) return 'PROPOSED';
  return release.until > now ? 'ACTIVE' : 'ENDED';
}

function confirmedAt(release: OfProposal, now: Date): OfProposal {
  return { ...release, proposal: { ...release.proposal, confirmedAt: now } };
}
