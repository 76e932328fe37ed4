import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRangeList, RANGE_BYTES_MAX } from '../../infra/breached-passwords/range-list.ts';
import { noTelemetry } from '../../infra/telemetry/no-telemetry.ts';

const { log } = noTelemetry;
const digest = (password: string): string => createHash('sha1').update(password).digest('hex').toUpperCase();
const prefixOf = (password: string): string => digest(password).slice(0, 5);
const suffixOf = (password: string): string => digest(password).slice(5);
const OTHER = 'A'.repeat(35);

let folder: string;
let server: Server | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muniment-ranges-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = null;
  await rm(folder, { recursive: true, force: true });
});

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/range`;
}

const listAt = (source: string, timeoutMs = 2_000) => openRangeList({ source, whenUnknown: 'refuse', log, timeoutMs });

describe('a folder of ranges', () => {
  it.each([
    ['', ''],
    ['.txt', ''],
  ])('with files named PREFIX%s finds what stands in them', async (ending) => {
    const lines = `${OTHER}:3\r\n${suffixOf('Password-1')}:12\r\n`;
    await writeFile(join(folder, `${prefixOf('Password-1')}${ending}`), lines);
    expect(await listAt(folder).find('Password-1')).toBe('breached');
    expect(await listAt(folder).find('Another-1')).toBe('clean');
  });

  it('that is not there, is a file, or holds too much is not known', async () => {
    expect(await listAt(join(folder, 'none')).find('x')).toBe('unknown');
    await writeFile(join(folder, 'file'), '');
    expect(await listAt(join(folder, 'file')).find('x')).toBe('unknown');
    await mkdir(join(folder, 'large'));
    await writeFile(join(folder, 'large', prefixOf('x')), 'x'.repeat(RANGE_BYTES_MAX + 1));
    expect(await listAt(join(folder, 'large')).find('x')).toBe('unknown');
  });
});

describe('a server of ranges', () => {
  it('is told five digits of the hash and nothing more, and asked to pad its answer', async () => {
    const asked: (string | undefined)[] = [];
    const source = await serve((request, response) => {
      asked.push(request.url, request.headers['add-padding'] as string);
      response.end(`${OTHER}:1\r\n${suffixOf('Password-1')}:7\r\n`);
    });
    expect(await listAt(source).find('Password-1')).toBe('breached');
    expect(asked).toEqual([`/range/${prefixOf('Password-1')}`, 'true']);
    expect(await listAt(source).find('Another-1')).toBe('clean');
  });

  it('passes padding over', async () => {
    const source = await serve((_, response) => response.end(`${suffixOf('Password-1')}:0\r\n`));
    expect(await listAt(source).find('Password-1')).toBe('clean');
  });

  it.each<[string, RequestListener]>([
    ['an error', (_, response) => response.writeHead(500).end('x')],
    ['a page', (_, response) => response.end('<html>all is well</html>')],
    ['nothing', (_, response) => response.end('')],
    ['a redirection', (_, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['10 MB', (_, response) => response.end(`${OTHER}:1\r\n`.repeat(270_000))],
    ['silence', () => undefined],
    ['a broken connection', (request) => request.socket.destroy()],
  ])('[SEC-D12] that answers with %s is not taken for a clean password', async (_, answer) => {
    expect(await listAt(await serve(answer), 300).find('Password-1')).toBe('unknown');
  });
});
