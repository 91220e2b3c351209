import { createHash } from 'node:crypto';
import { type DocumentNode, visit } from 'graphql';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { isPublic } from '../../schema/policy/language/coordinates.ts';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import { SharedWork } from '../../schema/runtime/shared-work.ts';
import { permissionClassOf } from '../policy/permission-class.ts';
import { isChange } from '../request/operation.ts';
import type { RequestContext } from '../request/context.ts';
import type { Allowed, Gather, Gathered } from './gather.ts';
import { RecentChanges } from './recent-changes.ts';
import { KeptAnswers, memoryOf } from './kept-answers.ts';

/** For whom an answer to an operation can be: its permission class, one person of it, or the reader of this request only. */
type Scope = 'class' | 'person' | 'request';

const scopesBytes = 2_000_000;

/**
 * Executes identical queries that are in progress together once for all readers of one permission class, and keeps the
 * answer for `keepMs` from the begin of its execution. An answer is shared only if each subgraph allows it
 * (`isShareable`): otherwise every other reader's query is executed for that reader. Each request still has its own entry
 * in the audit log. A query with cursors is shared by requests of one person only, because cursors are bound to the
 * reader. Mutations, the fields of auditors and operators, and the events of subscriptions are never shared here.
 */
export function shareAnswers(gather: Gather, keepMs: number): Gather {
  const kept = new KeptAnswers('answers', keepMs, memoryOf);
  const inProgress = new SharedWork<Shared>();
  const scopes = new ByteCache<Scope>(scopesBytes);
  const changes = new RecentChanges();
  return async (allowed, request) => {
    const name = `${request.policy.version} ${allowed.key}`;
    const scope = scopes.get(name) ?? scopeOf(allowed.document, request.policy);
    scopes.set(name, scope, 1);
    if (isChange(allowed.document))
      return await gather(allowed, request).finally(() => {
        changes.add(request.reader.subject);
      });
    if (scope === 'request' || request.delivery !== undefined) return await gather(allowed, request);

    const key = keyOf(allowed, request, scope, changes.of(request.reader.subject));
    const found = kept.get(key);
    if (found !== undefined) return found;
    const { subject } = request.reader;
    let isOwn = false;
    const running = inProgress.run(key, request.signal, async (signal, sharedBy) => {
      isOwn = true;
      const keep = kept.begin(key);
      const own = await gather(allowed, { ...request, signal, sharedBy });
      if (mayKeep(own)) keep(own);
      return { gathered: own, by: subject };
    });
    // The request plans nothing: it waits for the subgraphs, as the one that plans does.
    if (!isOwn) request.endTurn?.();
    const { gathered, by } = await running;
    // A part can fail because one reader uses all of their slots: other readers have their own.
    const isWhole = by === subject || gathered.collected.failedSubgraphs.size === 0;
    return isOwn || (isWhole && isForOthers(gathered)) ? gathered : await gather(allowed, request);
  };
}

/** The result of one execution, and the subject of the reader for whom it ran. */
type Shared = { readonly gathered: Gathered; readonly by: string };

function mayKeep(gathered: Gathered): boolean {
  const { failedSubgraphs, errorCodes } = gathered.collected;
  return isForOthers(gathered) && failedSubgraphs.size + errorCodes.size === 0;
}

/** Returns whether every community allows to give an answer to other readers of the same permission class. */
export function isForOthers({ collected }: Pick<Gathered, 'collected'>): boolean {
  return collected.unshared.size === 0;
}

/**
 * Returns a hash of all that identifies an operation and its answer: policy, permission class, document, variables, and the
 * recent changes of the reader.
 */
function keyOf(
  { key, variables }: Allowed,
  request: RequestContext,
  scope: Scope,
  changes: readonly unknown[] | null,
): string {
  const { policy, reader, at } = request;
  const person = scope === 'person' ? reader.subject : null;
  const parts = [permissionClassOf(reader, policy, at), person, key, variables.given, changes];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

const cursorFields: ReadonlySet<string> = new Set(['cursor', 'startCursor', 'endCursor']);

/**
 * Returns for whom an answer can be. A field with the name of a root field of the hub is for its reader only, unless the
 * policy has it as public.
 */
export function scopeOf(document: DocumentNode, { coordinates }: Pick<Policy, 'coordinates'>): Scope {
  if (isChange(document)) return 'request';
  const roots = coordinates.fieldsOf('Query');
  let scope: Scope = 'class';
  visit(document, {
    Field: ({ name, arguments: given = [] }) => {
      const root = roots.get(name.value);
      if (root?.kind === 'Hub' && !isPublic(root)) scope = 'request';
      const isBound = cursorFields.has(name.value) || given.some((one) => one.name.value === 'after');
      if (isBound && scope === 'class') scope = 'person';
    },
  });
  return scope;
}
