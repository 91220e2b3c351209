import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came by. */
export type Passed = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** Whether a request was dealt with; one that was not is passed on. */
export type Meddle = (passed: Passed, response: ServerResponse) => boolean | Promise<boolean>;

/** Somebody on the way between the hub and a subgraph: sees each request, and may do as they like with it. */
export class Between {
  readonly passed: Passed[] = [];
  /** Where requests are passed on to. */
  to = '';
  meddle: Meddle = () => false;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/graphql`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Sends a request on as it is, and gives the answer. */
  async pass({ path, headers, body }: Passed): Promise<{ readonly status: number; readonly text: string }> {
    const { authorization, 'content-type': type = 'application/json' } = headers;
    const response = await fetch(new URL(path, this.to), {
      method: 'POST',
      headers: { 'content-type': type, ...(authorization === undefined ? {} : { authorization }) },
      body,
    });
    return { status: response.status, text: await response.text() };
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? '/';
    const passed = { path, headers: request.headers, body: Buffer.concat(chunks).toString() };
    this.passed.push(passed);
    try {
      if (await this.meddle(passed, response)) return;
      const { status, text } = await this.pass(passed);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    } catch {
      response.destroy();
    }
  }
}
