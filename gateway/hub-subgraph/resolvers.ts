import { HubError } from '../../schema/errors.ts';
import type { Policy as PolicyInForce } from '../../schema/policy/decide/policy.ts';
import { PolicyQuestionError } from '../../schema/policy/explain/question.ts';
import { show } from '../../schema/policy/explain/show.ts';
import { who } from '../../schema/policy/explain/who.ts';
import type { AccessEntry, EntryDisclosure } from '../audit/entry.ts';
import { takeQuestion } from './allowance.ts';
import { type ExplainedDecision, explainDecision } from './decision.ts';
import { disclose } from './disclose.ts';
import type { Guarded } from './guard.ts';
import { inquiryOf } from './inquiry.ts';
import { type LogContext, toConnection, toPage } from './pages.ts';
import type { PolicyHistory } from '../../schema/policy/bundle/history.ts';
import { takeFirst } from './reads.ts';
import { fromEnum, toDecisionWay, toEnum, toPolicyRule } from './audit-terms.ts';

/** The context of the auditors' fields. */
export type AuditorContext = Guarded & LogContext & { readonly policyOf: PolicyHistory };

type Asked = { readonly correlationId: string; readonly inquiry?: string | null };
type Page = {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly inquiry?: string | null;
};
type Decided = { readonly decision: ExplainedDecision; readonly policy: PolicyInForce | null };

/**
 * Resolvers of the auditors' fields: the policy in force, refusals with their reasons, and the audit log without the
 * content of records. Their answers are disclosures too: the auditor's own audit entry has them.
 */
export const auditorResolvers = {
  Query: {
    policy: (_: unknown, _args: unknown, context: AuditorContext) => {
      takeQuestion(context);
      const { policy } = context.request;
      disclose(context, 'Policy', policy.version);
      return policy;
    },
    decision: async (_: unknown, asked: Asked, context: AuditorContext) => {
      takeQuestion(context);
      const inquiry = inquiryOf(asked.inquiry, context);
      const access = await context.log.find(asked.correlationId, context.request.reader.picture);
      if (access === null) return null;
      const policy = await context.policyOf(access.entry.policy);
      disclose(context, 'AccessDecision', access.entry.id, inquiry);
      return { decision: explainDecision(access, policy), policy } satisfies Decided;
    },
    accessPerson: async (_: unknown, asked: Asked, context: AuditorContext) => {
      takeQuestion(context);
      const inquiry = inquiryOf(asked.inquiry, context);
      const access = await context.log.find(asked.correlationId, context.request.reader.picture);
      if (access === null || access.reader === null) return null;
      disclose(context, 'AccessPerson', access.entry.id, inquiry);
      return access.reader;
    },
    disclosures: async (_: unknown, asked: Page, context: AuditorContext) => {
      takeQuestion(context);
      const { log, request } = context;
      const inquiry = inquiryOf(asked.inquiry, context);
      const page = toPage(asked);
      const { entries, next } = await log.page({ ...page, picture: request.reader.picture });
      for (const { id } of entries) disclose(context, 'AccessEntry', id, inquiry);
      return toConnection(
        entries.map((node) => ({ cursor: node.id, node })),
        next,
        page.after,
      );
    },
  },
  Policy: {
    rules: ({ source }: PolicyInForce, _args: unknown, context: AuditorContext) => {
      takeQuestion(context);
      return source.rules.map((rule) => toPolicyRule(rule, source));
    },
    coordinates: ({ coordinates }: PolicyInForce, _args: unknown, context: AuditorContext) => {
      takeQuestion(context);
      return coordinates.types.flatMap((type) =>
        [...coordinates.fieldsOf(type).keys()].map((field) => `${type}.${field}`),
      );
    },
    coordinate: (policy: PolicyInForce, { name }: { name: string }, context: AuditorContext) =>
      orBadInput(() => {
        takeQuestion(context);
        const { coordinate, actions, ...shown } = show(policy, name);
        const byAction = actions.map(({ action, rules }) => {
          return {
            action: toEnum(action),
            rules: rules.map(({ rule }) => toPolicyRule(rule, policy.source)),
          };
        });
        return { ...shown, name: coordinate, actions: byAction };
      }),
    who: (
      policy: PolicyInForce,
      { action, coordinate }: { action: string; coordinate: string },
      context: AuditorContext,
    ) =>
      orBadInput(() => {
        takeQuestion(context);
        const { can, except, ...others } = who(policy, fromEnum(action) ?? 'read', coordinate);
        return {
          ...others,
          can: can.map(({ rule, roles }) => ({ rule: toPolicyRule(rule, policy.source), roles })),
          except: except.map((rule) => toPolicyRule(rule, policy.source)),
        };
      }),
  },
  AccessDecision: {
    correlationId: ({ decision }: Decided) => decision.entry.correlationId,
    at: ({ decision }: Decided) => decision.entry.at,
    picture: ({ decision }: Decided) => decision.entry.picture,
    purpose: ({ decision }: Decided) => decision.entry.purpose,
    policy: ({ decision }: Decided) => decision.entry.policy,
    organisation: ({ decision }: Decided) => decision.entry.reader.organisation,
    reader: ({ decision: { reader, classes } }: Decided) => (reader === null ? null : { ...reader, classes }),
    refused: ({ decision, policy }: Decided) =>
      decision.refused.map(({ coordinate, ways }) => ({
        coordinate,
        ways: policy === null ? null : (ways?.map((way) => toDecisionWay(way, policy.source)) ?? null),
      })),
    note: ({ decision }: Decided) => decision.note,
  },
  AccessEntry: {
    kind: ({ kind }: AccessEntry) => kind.toUpperCase(),
    organisation: ({ reader }: AccessEntry) => reader.organisation,
    operation: ({ operation }: AccessEntry) => operation.sha256,
    recordCount: ({ disclosed }: AccessEntry) => disclosed.length,
    records: ({ disclosed }: AccessEntry, { first }: { first: number | null }) => takeFirst(disclosed, first),
  },
  DisclosedRecord: { handlingCodes: ({ handlingCodes }: EntryDisclosure) => handlingCodes ?? [] },
};

function orBadInput<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PolicyQuestionError) throw new HubError('BAD_USER_INPUT', error.message);
    throw error;
  }
}
