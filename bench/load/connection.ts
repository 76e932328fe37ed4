/**
 * One keep-alive HTTP/1.1 connection with one request in flight: as little work as the wire allows, so that the load
 * generator does not become what is measured. Loopback only; answers with `Content-Length` or chunked.
 */
import { connect, type Socket } from 'node:net';

export const ANSWER_MS_MAX = 30_000;

export interface Answer {
  readonly status: number;
  /** The header block as received. */
  readonly head: string;
  readonly body: Buffer;
}

export interface RequestSpec {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The bytes of a request; made once where every request is the same. */
export function requestBytes(host: string, { method, path, headers = {}, body = '' }: RequestSpec): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== '' || method !== 'GET') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Value of the first header of that name; null when absent. */
export function headerOf(answer: Pick<Answer, 'head'>, name: string): string | null {
  const match = new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(answer.head);
  return match?.[1]?.trim() ?? null;
}

export function headersOf(answer: Pick<Answer, 'head'>, name: string): readonly string[] {
  return [...answer.head.matchAll(new RegExp(`^${name}:[ \\t]*(.*)$`, 'gim'))].map((match) => (match[1] ?? '').trim());
}

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export class Connection {
  readonly host: string;
  readonly #port: number;
  readonly #hostname: string;
  #socket: Socket | null = null;
  #pending: Pending | null = null;
  #received: Buffer = Buffer.alloc(0);

  constructor(base: URL) {
    this.host = base.host;
    this.#port = Number(base.port);
    this.#hostname = base.hostname === 'localhost' ? '127.0.0.1' : base.hostname;
  }

  request(spec: RequestSpec): Promise<Answer> {
    return this.send(requestBytes(this.host, spec));
  }

  send(bytes: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#pending !== null) throw new Error('a request is in flight on this connection');
      const timer = setTimeout(() => this.#fail(new Error('no answer in time')), ANSWER_MS_MAX);
      this.#pending = { resolve, reject, timer };
      this.#open().write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    if (this.#socket !== null) return this.#socket;
    const socket = connect({ host: this.#hostname, port: this.#port, noDelay: true });
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#socket === socket && this.#fail(error));
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (this.#pending !== null) this.#fail(new Error('the server closed the connection'));
    });
    this.#socket = socket;
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const parsed = parseAnswer(this.#received);
    const pending = this.#pending;
    if (parsed === null || pending === null) return;
    this.#received = Buffer.alloc(0);
    this.#pending = null;
    clearTimeout(pending.timer);
    if (/^connection:[ \t]*close/im.test(parsed.head)) this.close();
    pending.resolve(parsed);
  }

  #fail(error: Error): void {
    const pending = this.#pending;
    this.#pending = null;
    this.#received = Buffer.alloc(0);
    this.close();
    if (pending === null) return;
    clearTimeout(pending.timer);
    pending.reject(error);
  }
}

/** Null while the answer is not complete. */
export function parseAnswer(bytes: Buffer): Answer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const start = end + 4;
  if (status === 204 || status === 304) return { status, head, body: Buffer.alloc(0) };

  const length = /^content-length:[ \t]*(\d+)/im.exec(head);
  if (length !== null) {
    const total = start + Number(length[1]);
    return bytes.length < total ? null : { status, head, body: bytes.subarray(start, total) };
  }
  const body = dechunked(bytes, start);
  return body === null ? null : { status, head, body };
}

function dechunked(bytes: Buffer, start: number): Buffer | null {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) throw new Error('answer has neither length nor chunks');
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
