/** As much of a browser as a login needs: a cookie jar and redirects, over one connection of the load generator. */
import { type Answer, type Connection, headerOf, headersOf, type RequestSpec } from './connection.ts';

const REDIRECTS_MAX = 10;

export class Browser {
  readonly #connection: Connection;
  readonly #cookies = new Map<string, string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(path: string): Promise<Answer> {
    return this.#send({ method: 'GET', path });
  }

  submit(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return this.#send({ method: 'POST', path, headers, body: new URLSearchParams(fields).toString() });
  }

  /** Follows redirects on the server itself; stops at a page, or at a redirect that leaves to `until`. */
  async follow(first: Answer, until: string): Promise<{ readonly page: Answer | null; readonly left: URL | null }> {
    let answer = first;
    for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
      if (answer.status !== 302 && answer.status !== 303) return { page: answer, left: null };
      const location = headerOf(answer, 'location') ?? '';
      if (location.startsWith(until)) return { page: null, left: new URL(location) };
      const { pathname, search } = new URL(location, 'http://here');
      answer = await this.get(pathname + search);
    }
    throw new Error(`more than ${REDIRECTS_MAX} redirects`);
  }

  async #send(spec: RequestSpec): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = cookie === '' ? spec.headers : { ...spec.headers, Cookie: cookie };
    const answer = await this.#connection.request(headers === undefined ? spec : { ...spec, headers });
    for (const line of headersOf(answer, 'set-cookie')) this.#keep(line);
    return answer;
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    const gone = attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
    if (gone) this.#cookies.delete(name);
    else this.#cookies.set(name, pair.slice(equals + 1).trim());
  }
}
