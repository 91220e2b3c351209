import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { SigningKey } from '../../schema/protocol/session.ts';
import type { HubSettings } from '../settings.ts';
import { createAgree } from './agree.ts';
import { type AskSubgraph, createAsk } from './ask-subgraph.ts';
import { createAgent } from './fetch-subgraph.ts';
import { Sessions } from './hub-sessions.ts';
import { createShelter, type Shelter, type ShelterState } from './shelter.ts';
import { createSource, type PartSource } from './source.ts';

type Part = { readonly ask: AskSubgraph; readonly shelter: Shelter };
type Settings = Pick<
  HubSettings,
  'subgraphs' | 'subgraphsCa' | 'deployment' | 'partDeadlineMs' | 'partConcurrency'
>;

/**
 * The communities that the hub asks. A community's connections, session, slots and breaker stay the same when a new
 * supergraph comes into force; only the schema changes by which its answers are checked.
 */
export class Parts {
  readonly #settings: Settings;
  readonly #key: () => SigningKey;
  readonly #log: Logger;
  readonly #agent: ReturnType<typeof createAgent>;
  readonly #parts = new Map<string, Part>();

  constructor(settings: Settings, key: () => SigningKey, log: Logger) {
    this.#settings = settings;
    this.#key = key;
    this.#log = log;
    this.#agent = createAgent(settings.subgraphsCa, settings.partConcurrency);
  }

  /** Returns the source of a community's data under a schema. Throws if no setting has the community's URL. */
  source(name: string, schema: GraphQLSchema): PartSource {
    const { ask, shelter } = this.#partOf(name);
    return createSource(name, ask, schema, shelter, this.#log);
  }

  /** Returns the state of each community's breaker and slots. */
  states(): ReadonlyMap<string, ShelterState> {
    return new Map([...this.#parts].map(([name, { shelter }]) => [name, shelter.state()]));
  }

  #partOf(name: string): Part {
    const known = this.#parts.get(name);
    if (known !== undefined) return known;
    const { subgraphs, deployment, partDeadlineMs: deadlineMs, partConcurrency: atOnce } = this.#settings;
    const addresses: Readonly<Record<string, string>> = subgraphs;
    const url = Object.hasOwn(addresses, name) ? addresses[name] : undefined;
    if (url === undefined)
      throw new Error(`the supergraph has a subgraph ${name}, but no setting has its URL`);
    const subgraph = { url, deadlineMs, agent: this.#agent };
    const agree = createAgree({ deployment, community: name }, subgraph, this.#key);
    const sessions = new Sessions(agree, () => this.#key().id, this.#log);
    const part = {
      ask: createAsk(subgraph, sessions),
      shelter: createShelter(name, { atOnce, deadlineMs }, this.#log),
    };
    this.#parts.set(name, part);
    return part;
  }
}
