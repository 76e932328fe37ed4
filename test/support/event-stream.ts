/** Reads server-sent events (WHATWG HTML §9.2) from a test server, frame by frame. */
export interface Frame {
  readonly id: string | null;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into data of every shape.
  readonly data: any;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** Frames in order; ends when the server ends the stream. */
  readonly frames: AsyncGenerator<Frame>;
  /** The next data frames that are no marks. */
  take(count: number): Promise<Frame[]>;
  close(): void;
}

export async function openEventStream(url: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal });
  const frames = framesOf(response);
  return {
    status: response.status,
    headers: response.headers,
    frames,
    close: () => abort.abort(),
    async take(count) {
      const taken: Frame[] = [];
      while (taken.length < count) {
        const { done, value } = await frames.next();
        if (done === true) throw new Error(`the stream ended after ${taken.length} of ${count} events`);
        if (value.event === 'message') taken.push(value);
      }
      return taken;
    },
  };
}

async function* framesOf(response: Response): AsyncGenerator<Frame> {
  if (response.body === null) return;
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = frameOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (frame !== null) yield frame;
    }
  }
}

/** Null for a comment. */
function frameOf(text: string): Frame | null {
  const fields = new Map(
    text
      .split('\n')
      .filter((line) => !line.startsWith(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()] as const),
  );
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? null, event: fields.get('event') ?? 'message', data: JSON.parse(data) };
}
