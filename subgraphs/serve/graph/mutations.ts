import { type Community, graphNameOf } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contractOf, isWrittenByHand } from '../record/contract.ts';
import type { Resolver } from './resolvers.ts';
import type {
  AssessInput,
  ChangeInput,
  CreateInput,
  LinkInput,
  MarkInput,
  RetractInput,
} from '../changes/changes.ts';
import type { ConfirmInput, EmergencyInput, ReportInput } from '../changes/emergency-releases.ts';
import type { EndShareInput, ShareInput } from '../changes/onward-shares.ts';
import type { ConfirmReleaseInput, ProposeInput } from '../changes/proposed-releases.ts';
import type { EndReleaseInput, ReleaseInput } from '../changes/releases.ts';

/**
 * The mutations of a community: create and update for each kind that is edited by hand, and mark, link, retract,
 * share and release for all records. Each mutation is one transaction. If it fails, it changes nothing and returns the reasons as
 * `userErrors`.
 */
export function changesOf(community: Community, kinds: readonly Kind[]): Readonly<Record<string, Resolver>> {
  const schema = contractOf(community);
  const byHand = kinds.filter(({ type }) => isWrittenByHand(schema, type));
  return {
    ...Object.fromEntries(byHand.flatMap(({ type }) => Object.entries(mutationsOfKind(type)))),
    ...mutationsOfAnyKind(community),
  };
}

/** The mutation that sets the assessment of the reader's organisation for its own Member State (J22a). */
export function assess(type: string): Resolver {
  return async (_source: never, { input }: Input<AssessInput>, { changes, loaders }) => {
    const { id, userErrors } = await changes.assess(type, input);
    return { record: id === null ? null : await loaders.one(type, id), userErrors };
  };
}

type Input<Of> = { readonly input: Of };

function mutationsOfKind(type: string): Readonly<Record<string, Resolver>> {
  return {
    [`create${type}`]: async (_source: never, { input }: Input<CreateInput>, { changes, loaders }) => {
      const { id, userErrors } = await changes.create(type, input);
      return { record: id === null ? null : await loaders.one(type, id), userErrors };
    },
    [`update${type}`]: async (_source: never, { input }: Input<ChangeInput>, { changes, loaders }) => {
      const { id, userErrors } = await changes.update(type, input);
      return { record: id === null ? null : await loaders.one(type, id), userErrors };
    },
  };
}

function mutationsOfAnyKind(community: Community): Readonly<Record<string, Resolver>> {
  const name = graphNameOf(community);
  return {
    [`mark${name}Record`]: async (_source: never, { input }: Input<MarkInput>, { changes }) =>
      await changes.mark(input),
    [`link${name}Record`]: async (_source: never, { input }: Input<LinkInput>, { changes }) =>
      await changes.link(input),
    [`retract${name}Record`]: async (_source: never, { input }: Input<RetractInput>, { changes }) =>
      await changes.retract(input),
    [`share${name}Record`]: async (_source: never, { input }: Input<ShareInput>, { changes }) =>
      await changes.share(input),
    [`endShareOf${name}Record`]: async (_source: never, { input }: Input<EndShareInput>, { changes }) =>
      await changes.endShare(input),
    [`release${name}Record`]: async (_source: never, { input }: Input<ReleaseInput>, { changes }) =>
      await changes.release(input),
    [`proposeReleaseOf${name}Record`]: async (_source: never, { input }: Input<ProposeInput>, { changes }) =>
      await changes.proposals.propose(input),
    [`confirmReleaseOf${name}Record`]: async (
      _source: never,
      { input }: Input<ConfirmReleaseInput>,
      { changes },
    ) => await changes.proposals.confirm(input),
    [`endReleaseOf${name}Record`]: async (_source: never, { input }: Input<EndReleaseInput>, { changes }) =>
      await changes.endRelease(input),
    [`release${name}RecordInEmergency`]: async (
      _source: never,
      { input }: Input<EmergencyInput>,
      { changes },
    ) => await changes.emergencies.release(input),
    [`confirmEmergencyReleaseOf${name}Record`]: async (
      _source: never,
      { input }: Input<ConfirmInput>,
      { changes },
    ) => await changes.emergencies.confirm(input),
    [`reportEmergencyReleaseOf${name}Record`]: async (
      _source: never,
      { input }: Input<ReportInput>,
      { changes },
    ) => await changes.emergencies.report(input),
  };
}
