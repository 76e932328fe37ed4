import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Browser } from '../../bench/load/browser.ts';
import { Connection, headerOf, parseAnswer } from '../../bench/load/connection.ts';
import { quantile, runLoad } from '../../bench/load/run-load.ts';
import { failures } from '../../bench/report.ts';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<Connection> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return new Connection(new URL(`http://127.0.0.1:${address.port}`));
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the load generator', () => {
  it('sends one request after the other over the same connection', async () => {
    const ports = new Set<number | undefined>();
    const connection = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume().on('end', () => response.end(request.url));
    });
    const first = await connection.request({ method: 'POST', path: '/a', body: 'x=1' });
    const second = await connection.request({ method: 'GET', path: '/b' });
    connection.close();
    expect([first.body.toString(), second.body.toString()]).toEqual(['/a', '/b']);
    expect(ports.size).toBe(1);
  });

  it('reads an answer that comes in chunks', async () => {
    const connection = await serve((_request, response) => {
      response.write('first,');
      setImmediate(() => response.end('last'));
    });
    const { status, body } = await connection.request({ method: 'GET', path: '/' });
    connection.close();
    expect([status, body.toString()]).toEqual([200, 'first,last']);
  });

  it('waits for the whole of an answer', () => {
    const whole = Buffer.from('HTTP/1.1 201 Created\r\nContent-Length: 4\r\nLocation: /x\r\n\r\nbody');
    expect(parseAnswer(whole.subarray(0, whole.length - 1))).toBeNull();
    const answer = parseAnswer(whole);
    expect(answer?.status).toBe(201);
    expect(answer === null ? null : headerOf(answer, 'location')).toBe('/x');
  });

  it('opens a new connection when the server closed the last one', async () => {
    const connection = await serve((_request, response) => response.setHeader('Connection', 'close').end('ok'));
    await connection.request({ method: 'GET', path: '/' });
    const { status } = await connection.request({ method: 'GET', path: '/' });
    connection.close();
    expect(status).toBe(200);
  });

  it('counts a wrong answer as a failure of the scenario', async () => {
    let sent = 0;
    const step = async () => {
      sent += 1;
      if (sent > 2) throw new Error('answered 500');
      await new Promise((resolve) => setImmediate(resolve));
    };
    const measured = await runLoad({ pid: process.pid, steps: [step], seconds: 5, warmUpSeconds: 0 });
    expect(measured).toMatchObject({ requests: 2, errors: 1, firstError: 'answered 500' });
    const row = { target: 'muniment', scenario: 'jwks', title: 'JWKS', ...measured };
    expect(failures([row])).toEqual(['muniment / JWKS at 1: answered 500']);
  });

  it('measures the processor time of the process under load', async () => {
    const step = async () => {
      const until = performance.now() + 5;
      while (performance.now() < until);
    };
    const measured = await runLoad({ pid: process.pid, steps: [step], seconds: 0.4, warmUpSeconds: 0 });
    expect(measured.cpuSecondsPer1000).toBeGreaterThan(2);
    expect(measured.cpuSecondsPer1000).toBeLessThan(20);
  });

  it('names quantiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 0.99)]).toEqual([50, 95, 99]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('the browser of the load generator', () => {
  it('keeps cookies through redirects and stops where the flow leaves the server', async () => {
    const seen: (string | undefined)[] = [];
    const connection = await serve((request, response) => {
      seen.push(request.headers.cookie);
      if (request.url === '/start')
        response.writeHead(302, { 'Set-Cookie': ['a=1; Path=/', 'b=2'], Location: '/next' });
      else
        response.writeHead(302, {
          'Set-Cookie': 'b=; Max-Age=0',
          Location: 'https://application.example/callback?code=c',
        });
      response.end();
    });
    const browser = new Browser(connection);
    const { left } = await browser.follow(await browser.get('/start'), 'https://application.example/callback');
    connection.close();
    expect(left?.searchParams.get('code')).toBe('c');
    expect(seen).toEqual([undefined, 'a=1; b=2']);
  });
});
