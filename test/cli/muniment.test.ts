import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildServer, freePort, startChildServer } from '../../bench/targets/child-server.ts';
import { SUPER_ORG_ID } from '../../domain/ids.ts';

const root = new URL('../..', import.meta.url).pathname;

let data = '';
let server: ChildServer;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'muniment-cli-'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  server = await startChildServer({
    args: ['muniment.ts', 'start'],
    cwd: root,
    env: { MUNIMENT_DATA: data, MUNIMENT_PORT: String(port), MUNIMENT_URL: url, MUNIMENT_LOG_LEVEL: 'warn' },
    probe: new URL('/health/ready', url),
  });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await rm(data, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function muniment(...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, MUNIMENT_DATA: data };
  return new Promise((resolve) => {
    execFile(process.execPath, ['muniment.ts', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

const objects = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the command line beside a running server', () => {
  it('lists the events of the first start', async () => {
    const { code, stdout } = await muniment('events', '--type', 'org.', '--json');
    expect(code).toBe(0);
    expect(objects(stdout)[0]).toMatchObject({ type: 'org.organization.created.v1', stream: `org-${SUPER_ORG_ID}` });
  });

  it('tells the history of the super organization by its bare id', async () => {
    const { code, stdout } = await muniment('history', SUPER_ORG_ID);
    expect(code).toBe(0);
    expect(stdout).toContain('org.organization.created.v1');
    expect(stdout).toContain('change   /handle: (absent) → "carbon.super"');
  });

  it('replays the super organization as it is now', async () => {
    const { code, stdout } = await muniment('replay', `org-${SUPER_ORG_ID}`, '--json');
    expect(code).toBe(0);
    expect(objects(stdout)[0]).toMatchObject({ state: { handle: 'carbon.super', status: 'active' } });
  });

  it('shows and rebuilds the read models of the server', async () => {
    const before = await muniment('projections', '--json');
    expect(objects(before.stdout).map(({ name }) => name)).toContain('users');
    const rebuilt = await muniment('projections', 'rebuild', 'users', '--json');
    expect(rebuilt.code).toBe(0);
    expect(objects(rebuilt.stdout)[0]).toMatchObject({ name: 'users', state: 'live' });
  });

  it('finds nothing wrong with a server that has just begun', async () => {
    const { code, stdout } = await muniment('doctor', '--json');
    const checks = objects(stdout).filter((line) => 'findings' in line);
    expect(checks.map(({ check, findings }) => [check, findings])).toEqual([
      ['log', 0],
      ['vault', 0],
      ['reservations', 0],
      ['read-models', 0],
    ]);
    expect(code).toBe(0);
  });

  it.each(['events', 'history', 'replay', 'projections', 'doctor'])('explains %s', async (name) => {
    const { code, stdout } = await muniment(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^muniment ${name}`));
  });

  it.each([
    [['history'], /the entity is missing/],
    [['replay', SUPER_ORG_ID, '--at', 'noon'], /--at takes an instant/],
    [['projections', 'drop'], /unknown action drop/],
    [['doctor', '--fast'], /Unknown option '--fast'/],
  ])('answers %j with what is wrong and the help', async (args, sentence) => {
    const { code, stdout, stderr } = await muniment(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).toContain('--help');
  });

  it('says in one sentence what it cannot do', async () => {
    const { code, stderr } = await muniment('projections', 'rebuild', 'user');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^there is no projection user; there are [\w, -]+$/m);
    expect(stderr).not.toContain('    at ');
  });
});
