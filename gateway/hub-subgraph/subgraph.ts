import { buildSubgraphSchema } from '@apollo/subgraph';
import DataLoader from 'dataloader';
import { type DocumentNode, execute, type GraphQLError, parse } from 'graphql';
import type { Logger } from 'pino';
import { HubError, type HubErrorCode } from '../../schema/errors.ts';
import type { IndicatorType } from '../../schema/record/indicator-types.ts';
import { indicatorTypeOf } from '../../schema/record/indicator-form.ts';
import {
  indicatorKey,
  memberStateKey,
  memberStates,
  organisationKey,
  parseIndicatorKey,
  vulnerabilityKey,
  withoutType,
} from '../../schema/record/keys.ts';
import { changesKey } from '../../schema/record/changes-key.ts';
import { maxSearchText, searchKey, suggestionsKey } from '../../schema/record/search-key.ts';
import { jointCaseKey, sharedKey } from '../../schema/record/shared-types.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { subgraphSdl } from '../../schema/sources.ts';
import { deadlinesKey, findWrongPeriod } from '../../schema/workflow/deadline-key.ts';
import { dutyKey } from '../../schema/workflow/duty-key.ts';
import type { Execution } from '../dispatch/collected.ts';
import { joinedAt, notePlaces, placesOfErrors } from '../dispatch/error-places.ts';
import { variablesOf } from '../dispatch/query-body.ts';
import type { PartSource } from '../dispatch/source.ts';
import { openAllowance } from './allowance.ts';
import { AnswerRoom } from './answer-room.ts';
import { guardHubSubgraph } from './guard.ts';
import { listOrganisations, type OrganisationsAsked } from './organisations.ts';
import { ownReadResolvers } from './reads.ts';
import { type AuditorContext, auditorResolvers } from './resolvers.ts';
import { searchResolvers } from './search.ts';
import type { Names } from '../registry/names.ts';
import type { OrganisationEntry, Registry } from '../registry/registry.ts';

/** The maximum number of ids that one root field accepts. */
const maxIds = 200;

/** The maximum size of the cache of parsed queries, and the memory of one in multiples of its text. */
const documentCache = { bytes: 8_000_000, timesText: 80 };

type SubgraphContext = AuditorContext & {
  readonly names: Names;
  /** The organisations of the registry, read once for a query. */
  readonly listed: Pick<Registry, 'listOrganisations'>;
  readonly organisations: DataLoader<string, OrganisationEntry | null>;
};
type EntityReference = { readonly __typename: string; readonly id: string };

/** The data that the hub's own subgraph answers from. */
export type HubSubgraphSources = {
  readonly registry: Registry;
  readonly names: (picture: string) => Names;
  readonly log: AuditorContext['log'];
  readonly policyOf: AuditorContext['policyOf'];
};

/**
 * Creates the hub's own subgraph, which runs in this process: entity references by natural key, the public part of the
 * registry, and the fields for auditors and operators. Entity references read no store, so that the outage of one
 * community does not hide the data of others. The subgraph has its own guard, independent of the gateway's decision.
 */
export function createHubSubgraph(sources: HubSubgraphSources, logger: Logger): PartSource {
  const schema = guardHubSubgraph(
    buildSubgraphSchema([{ typeDefs: parse(subgraphSdl('hub')), resolvers: resolvers as never }]),
  );
  const documents = new ByteCache<DocumentNode>(documentCache.bytes, 'hub-queries');
  const inProgress = { bytes: 0 };
  return async (query, execution) => {
    const room = new AnswerRoom(execution.collected.sizes.start('hub', inProgress));
    const contextValue = { ...createContext(sources, execution), room };
    const document = parseOnce(query.fetch.query, documents);
    const result = await execute({ schema, document, variableValues: variablesOf(query), contextValue });
    const placesOf = placesOfErrors(query.fetch.query, joinedAt(query));
    for (const error of result.errors ?? []) {
      const cause = collectError(error, execution, logger);
      notePlaces(execution.collected, cause, placesOf(error.path));
    }
    return { data: result.data ?? null, errors: [] };
  };
}

function createContext(
  { registry, names, log, policyOf }: HubSubgraphSources,
  execution: Execution,
): Omit<SubgraphContext, 'room'> {
  const { request } = execution;
  const readerAccess = request.policy.accessOf(request.reader, request.at);
  let all: ReturnType<Registry['listOrganisations']> | null = null;
  const auditors = { ...execution, readerAccess, log, policyOf, allowance: openAllowance() };
  return {
    names: names(request.reader.picture),
    listed: { listOrganisations: async () => await (all ??= registry.listOrganisations()) },
    organisations: loadOrganisations(registry),
    ...auditors,
  };
}

/** Codes that the reader gets. Every other error counts as a failure of the subgraph. */
const passedOn: readonly HubErrorCode[] = [
  'BAD_USER_INPUT',
  'BAD_CURSOR',
  'OPERATION_TOO_LARGE',
  'AMBIGUOUS_NAME',
  'INVALID_INDICATOR',
  'REFUSED',
];

/** Collects the code that the reader gets, or the hub as a failed subgraph. Returns which of them. */
function collectError(
  { originalError }: GraphQLError,
  { request, collected }: Execution,
  log: Logger,
): string {
  if (originalError instanceof HubError && passedOn.includes(originalError.code)) {
    collected.errorCodes.add(originalError.code);
    return originalError.code;
  }
  collected.failedSubgraphs.add('hub');
  const { correlationId } = request;
  log.warn({ correlationId, error: String(originalError) }, "the hub's own subgraph failed");
  return 'hub';
}

const resolvers = {
  ...auditorResolvers,
  ...ownReadResolvers,
  Query: {
    ...auditorResolvers.Query,
    ...ownReadResolvers.Query,
    vulnerability: (_: unknown, { id }: { id: string }, { names }: SubgraphContext) =>
      vulnerabilityReference(id, names),
    vulnerabilities: (_: unknown, { ids }: { ids: readonly string[] }, { names }: SubgraphContext) => {
      if (ids.length > maxIds)
        throw new HubError('BAD_USER_INPUT', `ids: expected at most ${maxIds}, got ${ids.length}`);
      return ids.map((id) => vulnerabilityReference(id, names));
    },
    threatActor: (_: unknown, { name }: { name: string }, { names }: SubgraphContext) => {
      const [only, ...others] = actorReferences(name, names);
      if (others.length > 0) throw new HubError('AMBIGUOUS_NAME');
      return only;
    },
    threatActors: (_: unknown, { name }: { name: string }, { names }: SubgraphContext) =>
      actorReferences(name, names),
    indicator: (_: unknown, { type, value }: { type?: IndicatorType | null; value: string }) =>
      indicatorReference(value, type),
    indicators: (_: unknown, { values }: { values: readonly string[] }) => {
      if (values.length > maxIds)
        throw new HubError('BAD_USER_INPUT', `values: expected at most ${maxIds}, got ${values.length}`);
      // An error in place of an item makes that item null, and names its place.
      return values.map((value) => orError(() => indicatorReference(value)));
    },
    organisation: async (_: unknown, { id }: { id: string }, { organisations }: SubgraphContext) => {
      const key = organisationKey(id.replace(/^Organisation:/, ''));
      const entry = key === null ? null : await organisations.load(withoutType(key));
      return entry === null ? null : referenceOr('Organisation', key);
    },
    organisations: async (_: unknown, asked: OrganisationsAsked, { listed }: SubgraphContext) =>
      await listOrganisations(asked, listed),
    memberState: (_: unknown, { code }: { code: string }) => referenceOr('MemberState', memberStateKey(code)),
    jointCase: (_: unknown, { id }: { id: string }) =>
      referenceOr('JointCase', jointCaseKey(id.replace(/^JointCase:/, ''))),
    inbox: () => referenceOr('Inbox', 'Inbox:own'),
    myTasks: () => referenceOr('Tasks', 'Tasks:own'),
    deadlines: (_: unknown, { from, to }: { from: string; to: string }) => {
      const period = { from: new Date(from), to: new Date(to) };
      const wrong = findWrongPeriod(period);
      if (wrong !== null) throw new HubError('BAD_USER_INPUT', wrong);
      return referenceOr('Deadlines', deadlinesKey(period));
    },
    onDuty: (_: unknown, { at }: { at?: string | null }, { request }: SubgraphContext) =>
      referenceOr('OnDuty', dutyKey(typeof at === 'string' ? new Date(at) : request.at)),
    search: (
      _: unknown,
      asked: { text: string; kinds?: readonly string[] | null; since?: string | null },
    ) => {
      checkText(asked.text);
      const { text } = asked;
      const kinds = asked.kinds ? [...new Set(asked.kinds)] : null;
      const since = typeof asked.since === 'string' ? new Date(asked.since) : null;
      return referenceOr('Search', searchKey({ text, kinds, since }));
    },
    changes: (_: unknown, asked: { kinds?: readonly string[] | null; since?: string | null }) => {
      const kinds = asked.kinds ? [...new Set(asked.kinds)].toSorted() : null;
      const since = typeof asked.since === 'string' ? new Date(asked.since) : null;
      return referenceOr('Changes', changesKey({ kinds, since }));
    },
    suggest: (_: unknown, { text }: { text: string }) => {
      checkText(text);
      return referenceOr('Suggestions', suggestionsKey(text));
    },
    memberStates: () =>
      Object.keys(memberStates).map((code) => referenceOr('MemberState', memberStateKey(code))),
  },
  Search: searchResolvers,
  Vulnerability: {
    name: ({ id }: EntityReference) => withoutType(id),
    aliases: ({ id }: EntityReference, _: unknown, { names }: SubgraphContext) =>
      names.vulnerabilityAliases(withoutType(id)),
  },
  ThreatActor: {
    name: ({ id }: EntityReference, _: unknown, { names }: SubgraphContext) =>
      names.actor(id)?.name ?? id.split(':').at(-1),
    synonyms: ({ id }: EntityReference, _: unknown, { names }: SubgraphContext) =>
      names.actor(id)?.synonyms ?? [],
    isKnown: ({ id }: EntityReference, _: unknown, { names }: SubgraphContext) => names.actor(id) !== null,
  },
  Indicator: {
    type: ({ id }: EntityReference) => parseIndicatorKey(id)?.type ?? 'OTHER',
    value: ({ id }: EntityReference) => parseIndicatorKey(id)?.value ?? id,
  },
  Organisation: {
    name: async ({ id }: EntityReference, _: unknown, { organisations }: SubgraphContext) =>
      (await organisations.load(withoutType(id)))?.name ?? null,
    kind: async ({ id }: EntityReference, _: unknown, { organisations }: SubgraphContext) =>
      (await organisations.load(withoutType(id)))?.kind ?? null,
    memberState: async ({ id }: EntityReference, _: unknown, { organisations }: SubgraphContext) => {
      const code = (await organisations.load(withoutType(id)))?.memberState ?? null;
      const key = code === null ? null : memberStateKey(code);
      return key === null ? null : referenceOr('MemberState', key);
    },
  },
  MemberState: {
    code: ({ id }: EntityReference) => withoutType(id),
    name: ({ id }: EntityReference) => memberStates[withoutType(id)] ?? null,
  },
};

/** Returns the reference of a vulnerability. A EUVD id that the alias table has is replaced by its CVE id. */
function vulnerabilityReference(id: string, names: Names): EntityReference {
  const key = vulnerabilityKey(id);
  if (key === null) throw new HubError('BAD_USER_INPUT', 'id: expected a CVE or EUVD id');
  return referenceOr('Vulnerability', vulnerabilityKey(names.vulnerability(withoutType(key))));
}

function actorReferences(name: string, names: Names): readonly EntityReference[] {
  const own = name.startsWith('ThreatActor:') ? sharedKey('ThreatActor', name) : null;
  if (own !== null) return [referenceOr('ThreatActor', own)];
  const keys = names.actorsNamed(name);
  if (keys.length === 0) throw new HubError('BAD_USER_INPUT', 'name: expected letters or digits, got none');
  return keys.map((key) => referenceOr('ThreatActor', key));
}

/** Returns the reference of an indicator. Without a type, the form of the value says it. */
function indicatorReference(value: string, type: IndicatorType | null = null): EntityReference {
  const found = type ?? indicatorTypeOf(value);
  const key = found === null ? null : indicatorKey(found, value);
  if (key === null) throw new HubError('INVALID_INDICATOR');
  return { __typename: 'Indicator', id: key };
}

function checkText(text: string): void {
  if (text.length > maxSearchText)
    throw new HubError(
      'BAD_USER_INPUT',
      `text: expected at most ${maxSearchText} characters, got ${text.length}`,
    );
}

function orError<Result>(make: () => Result): Result | Error {
  try {
    return make();
  } catch (error) {
    return error as Error;
  }
}

function referenceOr(type: string, key: string | null): EntityReference {
  if (key === null) throw new HubError('BAD_USER_INPUT', `expected a valid key of ${type}`);
  return { __typename: type, id: key };
}

function loadOrganisations(registry: Registry): DataLoader<string, OrganisationEntry | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await registry.findOrganisations(ids)).map((entry) => [entry._id, entry]));
    return ids.map((id) => found.get(id) ?? null);
  });
}

function parseOnce(text: string, known: ByteCache<DocumentNode>): DocumentNode {
  const found = known.get(text);
  if (found !== undefined) return found;
  const document = parse(text, { noLocation: true });
  known.set(text, document, documentCache.timesText * text.length);
  return document;
}
