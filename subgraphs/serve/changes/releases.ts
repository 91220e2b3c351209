import { randomUUID } from 'node:crypto';
import { grantIdOf } from '../../../schema/record/release.ts';
import { revoked } from '../record/released.ts';
import { textIn } from './act.ts';
import type { OnRecord } from './change-steps.ts';
import { Refused } from './refused.ts';
import { needsSecondPerson, refuseHeld } from './held-back.ts';
import {
  fieldsIn,
  hasLapsed,
  isRunning,
  keptOf,
  recipientOf,
  refuseEnd,
  refuseMany,
  ReleaseSteps,
  withoutTwins,
} from './release-steps.ts';
import type { Outcome } from './write-once.ts';

export type ReleaseInput = OnRecord & {
  readonly to: string;
  readonly until: Date;
  readonly fields?: readonly string[] | null;
  readonly purpose: string;
};
export type EndReleaseInput = OnRecord & { readonly release: string; readonly reason: string };

/**
 * The releases by which an originator lets an organisation beyond the audience read a record, or a field with a separate
 * marking (W9a). The hub has entered the grant with its end in the registry before the release arrives here.
 */
export class Releases extends ReleaseSteps {
  /** Releases a record, or fields of it. The policy permits it to natural persons of the originator (J09). */
  async release(input: ReleaseInput): Promise<Outcome> {
    return await this.once(input, 'release', async (find, session) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find);
      const { envelope } = before;
      const { now } = this.parts.readerAccess;
      if (!this.mayOn('release', kind, envelope)) throw new Refused('NOT_ALLOWED', ['id'], notReleased);
      this.refuseOfWorkflow(kind);
      if (envelope.personalData?.present === true)
        throw new Refused('NOT_ALLOWED', ['id'], 'a record with personal data is not released here');
      const to = recipientOf(input, envelope);
      const { until } = input;
      refuseEnd(until, now);
      refuseMany(envelope, now);
      await this.refuseEndless(input.id, 'grant', ['grant', 'propose'], session);
      const fields = fieldsIn(input, envelope);
      for (const part of this.released(kind, before, fields)) {
        refuseHeld(part, now);
        if (needsSecondPerson(part)) throw new Refused('NOT_ALLOWED', ['id'], onlyProposed);
      }
      const grant = grantIdOf({ by: envelope.originator, to, until });
      const added = { id: randomUUID(), grant, to, until, fields, purpose: textIn(input, 'purpose') };
      this.refuseVain(kind, envelope, added);
      const act = {
        workflow: 'grant',
        move: 'grant',
        from: null,
        to: 'active',
        values: { ...added },
      } as const;
      return this.withReleases(before, [...keptOf(envelope, now), added], input, act);
    });
  }

  /**
   * Revokes a release. The reader that it opened the record for can no longer read it from the next request on. A proposed one is
   * withdrawn.
   */
  async endRelease(input: EndReleaseInput): Promise<Outcome> {
    return await this.once(input, 'endRelease', async (find) => {
      const kind = this.kindOf(input.id);
      const before = await this.readable(kind, input, find, 'retracted too');
      const { envelope } = before;
      const { now } = this.parts.readerAccess;
      const one = this.seenRelease(kind, envelope, input.release);
      // Each person of the originator revokes an emergency release, so that nobody waits for the officer on duty.
      const may = one?.emergency === undefined ? this.mayOn('release', kind, envelope) : this.isPerson();
      if (one === undefined || !may)
        throw new Refused('INVALID', ['release'], 'expected a release that the record shows to you');
      if (one.emergency !== undefined && !isRunning(one, now))
        throw new Refused('CLOSED', ['release'], 'the emergency release has ended or was revoked');
      const values = { release: one.id, reason: textIn(input, 'reason') };
      if (one.proposal?.confirmedAt === null) {
        if (hasLapsed(one, now))
          throw new Refused(
            'CLOSED',
            ['release'],
            'nobody confirmed it in time: nothing is left to withdraw',
          );
        const act = {
          workflow: 'grant',
          move: 'withdraw',
          from: 'proposed',
          to: 'withdrawn',
          values,
        } as const;
        const left = (envelope.released ?? []).filter(({ id }) => id !== one.id);
        return this.withProposals(before, left, input, act);
      }
      const others = withoutTwins(envelope, one, now);
      const [workflow, from] =
        one.emergency === undefined
          ? (['grant', 'active'] as const)
          : (['emergency-release', one.emergency.confirmedAt === null ? 'released' : 'confirmed'] as const);
      const act = { workflow, move: 'revoke', from, to: 'revoked', values };
      return this.withReleases(before, [...others, ...revoked(one, now)], input, act);
    });
  }
}

const notReleased = 'only a natural person of its originator releases a record';

const onlyProposed =
  'two persons release RED, H1 and H2: propose the release with the mutation that begins with proposeRelease';
