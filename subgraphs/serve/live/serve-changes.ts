import type { Request, Response } from 'express';
import { type ChangeRequest, readChangeRequest } from '../../../schema/protocol/change-event.ts';
import type { AssertedRequest } from '../verify/verify.ts';
import { LogLost } from './change-log.ts';
import { type ChangeSource, followChanges } from './follow-changes.ts';
import { HubStream } from './hub-stream.ts';
import { openPosition, type Position } from './position.ts';
import { sendLive, sendPast } from './send-changes.ts';

/** Streams that may be open at once, and those of them that may read the past: each of these takes a connection. */
const maxStreams = 64;
const maxCatchUps = 8;

/** Answers `POST /changes`. */
export type ChangesEndpoint = {
  /** Streams the changes of the store while `isAllowed`, which is asked before each event and four times a second. */
  readonly answer: (request: Request, response: Response, isAllowed: () => boolean) => Promise<void>;
  /** Ends every stream. */
  readonly stop: () => void;
};

/** Creates the endpoint on which hubs follow the changes of one community's store. */
export function createChangesEndpoint(source: ChangeSource): ChangesEndpoint {
  const follower = followChanges(source);
  const streams = new Set<HubStream>();
  let catchUps = 0;
  const past = async (stream: HubStream, after: Position): Promise<Position | null> => {
    catchUps += 1;
    return await sendPast(source, stream, after).finally(() => (catchUps -= 1));
  };
  const send = async (stream: HubStream, { until }: ChangeRequest, after: Position | null): Promise<void> => {
    if (until === undefined) {
      await sendLive(
        source,
        stream,
        follower,
        async () => after === null || (await past(stream, after)) !== null,
      );
      return;
    }
    const last = after === null ? null : await past(stream, after);
    if (last !== null) stream.send({ done: source.seal(last) });
    stream.finish();
  };
  return {
    answer: async (request, response, isAllowed) => {
      const { assertion } = request as Request & AssertedRequest;
      const asked = assertion.delivery === 'changes' ? readChangeRequest(request.body) : null;
      if (asked === null) return void response.status(400).end();
      const isFull = streams.size >= maxStreams || (asked.after !== undefined && catchUps >= maxCatchUps);
      if (isFull) return void response.status(503).end();
      const stream = new HubStream(response, isAllowed);
      streams.add(stream);
      stream.ended.addEventListener('abort', () => void streams.delete(stream), { once: true });
      try {
        await send(stream, asked, positionOf(asked, source));
      } catch (error) {
        source.log.warn({ error: String(error) }, 'the changes cannot be sent');
        if (!(error instanceof LogLost)) return stream.cut();
        stream.send({ expired: true });
        stream.finish();
      }
    },
    stop: () => {
      follower.stop();
      for (const stream of streams) stream.cut();
    },
  };
}

/** Returns the position in a request; null if it has none. Throws LogLost for one of another store or another key. */
function positionOf({ after }: ChangeRequest, { community, cursorKey }: ChangeSource): Position | null {
  if (after === undefined) return null;
  const opened = openPosition(after, community, cursorKey);
  if (opened === null) throw new LogLost('the position is not of this store');
  return opened;
}
