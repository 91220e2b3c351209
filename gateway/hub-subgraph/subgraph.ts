import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLDataSource } from '@apollo/gateway';
import DataLoader from 'dataloader';
import { type DocumentNode, execute, parse } from 'graphql';
import type { Logger } from 'pino';
import { HubError, type HubErrorCode } from '../../schema/errors.ts';
import {
  indicatorKey,
  type IndicatorType,
  memberStateKey,
  memberStates,
  organisationKey,
  parseIndicatorKey,
  vulnerabilityKey,
} from '../../schema/record/keys.ts';
import { jointCaseKey } from '../../schema/record/shared-types.ts';
import { subgraphSdl } from '../../schema/sources.ts';
import { openAllowance } from './allowance.ts';
import { guardHubPart } from './guard.ts';
import { ownReadResolvers } from './reads.ts';
import { type AuditorContext, auditorResolvers } from './resolvers.ts';
import type { RequestContext } from '../request/context.ts';
import type { Names } from '../registry/names.ts';
import type { OrganisationEntry, Registry } from '../registry/registry.ts';

/** The most vulnerabilities that one root field gives stubs for. */
const maxAtOnce = 200;

type PartContext = AuditorContext & {
  readonly names: Names;
  readonly organisations: DataLoader<string, OrganisationEntry | null>;
};
type EntityReference = { readonly __typename: string; readonly id: string };

/** What the hub's own part is answered from. */
export type HubPartSources = {
  readonly registry: Registry;
  readonly names: () => Names;
  readonly log: AuditorContext['log'];
  readonly policyOf: AuditorContext['policyOf'];
};

/**
 * The hub's own part of the graph, answered in this process: stubs by natural key, which read no store, so that no
 * community's silence hides another's part; the public side of the registry; the auditors' side; and the operators'. It
 * guards itself, whatever was decided before.
 */
export function createHubPart(sources: HubPartSources, logger: Logger): GraphQLDataSource {
  const schema = guardHubPart(
    buildSubgraphSchema([{ typeDefs: parse(subgraphSdl('hub')), resolvers: resolvers as never }]),
  );
  const documents = new Map<string, DocumentNode>();
  return {
    process: async (options) => {
      const request = options.context as RequestContext;
      const contextValue = partContext(sources, request);
      const document = parseOnce(options.request.query ?? '', documents);
      const variableValues = options.request.variables ?? {};
      const result = await execute({ schema, document, variableValues, contextValue });
      for (const error of result.errors ?? []) noteError(error.originalError, request, logger);
      return { data: (result.data ?? null) as never };
    },
  };
}

function partContext(
  { registry, names, log, policyOf }: HubPartSources,
  request: RequestContext,
): PartContext {
  const readerAccess = request.policy.accessOf(request.reader, request.at);
  const auditors = { request, readerAccess, log, policyOf, allowance: openAllowance() };
  return { names: names(), organisations: loadOrganisations(registry), ...auditors };
}

function noteError(error: unknown, context: RequestContext, log: Logger): void {
  const told: readonly HubErrorCode[] = [
    'BAD_USER_INPUT',
    'BAD_CURSOR',
    'OPERATION_TOO_LARGE',
    'AMBIGUOUS_NAME',
    'REFUSED',
  ];
  if (error instanceof HubError && told.includes(error.code)) context.told.add(error.code);
  else {
    context.lost.add('hub');
    log.warn({ correlationId: context.correlationId, error: String(error) }, "the hub's own part is lost");
  }
}

const resolvers = {
  ...auditorResolvers,
  ...ownReadResolvers,
  Query: {
    ...auditorResolvers.Query,
    ...ownReadResolvers.Query,
    vulnerability: (_: unknown, { id }: { id: string }, { names }: PartContext) =>
      vulnerabilityReference(id, names),
    vulnerabilities: (_: unknown, { ids }: { ids: readonly string[] }, { names }: PartContext) => {
      if (ids.length > maxAtOnce) throw new HubError('BAD_USER_INPUT', `ids: at most ${maxAtOnce}`);
      return ids.map((id) => vulnerabilityReference(id, names));
    },
    threatActor: (_: unknown, { name }: { name: string }, { names }: PartContext) => {
      const [only, ...others] = actorReferences(name, names);
      if (others.length > 0) throw new HubError('AMBIGUOUS_NAME');
      return only;
    },
    threatActors: (_: unknown, { name }: { name: string }, { names }: PartContext) =>
      actorReferences(name, names),
    indicator: (_: unknown, { type, value }: { type: IndicatorType; value: string }) =>
      referenceOr('Indicator', indicatorKey(type, value)),
    organisation: async (_: unknown, { id }: { id: string }, { organisations }: PartContext) => {
      const key = organisationKey(id.replace(/^Organisation:/, ''));
      const entry = key === null ? null : await organisations.load(registryId(key));
      return entry === null ? null : referenceOr('Organisation', key);
    },
    memberState: (_: unknown, { code }: { code: string }) => referenceOr('MemberState', memberStateKey(code)),
    jointCase: (_: unknown, { id }: { id: string }) =>
      referenceOr('JointCase', jointCaseKey(id.replace(/^JointCase:/, ''))),
    memberStates: () =>
      Object.keys(memberStates).map((code) => referenceOr('MemberState', memberStateKey(code))),
  },
  Vulnerability: {
    name: ({ id }: EntityReference) => afterColon(id),
    aliases: ({ id }: EntityReference, _: unknown, { names }: PartContext) =>
      names.vulnerabilityAliases(afterColon(id)),
  },
  ThreatActor: {
    name: ({ id }: EntityReference, _: unknown, { names }: PartContext) =>
      names.actor(id)?.name ?? id.split(':').at(-1),
    synonyms: ({ id }: EntityReference, _: unknown, { names }: PartContext) =>
      names.actor(id)?.synonyms ?? [],
  },
  Indicator: {
    type: ({ id }: EntityReference) => parseIndicatorKey(id)?.type ?? 'OTHER',
    value: ({ id }: EntityReference) => parseIndicatorKey(id)?.value ?? id,
  },
  Organisation: {
    name: async ({ id }: EntityReference, _: unknown, { organisations }: PartContext) =>
      (await organisations.load(registryId(id)))?.name ?? null,
    kind: async ({ id }: EntityReference, _: unknown, { organisations }: PartContext) =>
      (await organisations.load(registryId(id)))?.kind ?? null,
    memberState: async ({ id }: EntityReference, _: unknown, { organisations }: PartContext) => {
      const code = (await organisations.load(registryId(id)))?.memberState ?? null;
      const key = code === null ? null : memberStateKey(code);
      return key === null ? null : referenceOr('MemberState', key);
    },
  },
  MemberState: {
    code: ({ id }: EntityReference) => afterColon(id),
    name: ({ id }: EntityReference) => memberStates[afterColon(id)] ?? null,
  },
};

/** A stub of the id; a EUVD id that the alias table knows is answered under its CVE id. */
function vulnerabilityReference(id: string, names: Names): EntityReference {
  const key = vulnerabilityKey(id);
  if (key === null) throw new HubError('BAD_USER_INPUT', 'expected a CVE or EUVD id');
  return referenceOr('Vulnerability', vulnerabilityKey(names.vulnerability(afterColon(key))));
}

function actorReferences(name: string, names: Names): readonly EntityReference[] {
  const keys = names.actorsNamed(name);
  if (keys.length === 0) throw new HubError('BAD_USER_INPUT', 'expected a name with letters or digits');
  return keys.map((key) => referenceOr('ThreatActor', key));
}

function referenceOr(type: string, key: string | null): EntityReference {
  if (key === null) throw new HubError('BAD_USER_INPUT', `expected a key of ${type}`);
  return { __typename: type, id: key };
}

function afterColon(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}

function registryId(key: string): string {
  return afterColon(key);
}

function loadOrganisations(registry: Registry): DataLoader<string, OrganisationEntry | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await registry.findOrganisations(ids)).map((entry) => [entry._id, entry]));
    return ids.map((id) => found.get(id) ?? null);
  });
}

function parseOnce(text: string, known: Map<string, DocumentNode>): DocumentNode {
  const document = known.get(text) ?? parse(text);
  if (known.size >= 1000) known.clear();
  known.set(text, document);
  return document;
}
