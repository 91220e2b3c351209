import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An intercepted request. */
export type Passed = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** Answers a request itself and returns true, or returns false to pass it on. */
export type Intercept = (passed: Passed, response: ServerResponse) => boolean | Promise<boolean>;

/** An attacker between the hub and a subgraph, who sees and may change each request. */
export class Interceptor {
  readonly passed: Passed[] = [];
  /** The URL that requests are passed on to. */
  to = '';
  intercept: Intercept = () => false;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/graphql`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Passes a request on unchanged and returns the answer. */
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
      if (await this.intercept(passed, response)) return;
      const { status, text } = await this.pass(passed);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    } catch {
      response.destroy();
    }
  }
}
