/** The tour of the README, pasted into a shell against a fresh server: every step says what it promises. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ServerProcess, startProcess, variablesFor } from './crash/server-process.ts';

const ROOT = resolve(import.meta.dirname, '..');
const SHOWN = /password \(shown once\): (\S+)/;
const TOUR_MS_MAX = 60_000;

/** The shell blocks of one chapter, in order. */
async function shellBlocks(chapter: string): Promise<readonly string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const start = readme.indexOf(`\n## ${chapter}\n`);
  const end = readme.indexOf('\n## ', start + 1);
  const text = readme.slice(start, end);
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}

const MARK = '----- the next block -----';

interface Pasted {
  /** What each block printed. */
  readonly blocks: readonly string[];
  readonly errors: string;
  readonly code: number | null;
}

/** As in a terminal: one shell, so that variables stay; it goes on after a step that fails. */
async function paste(blocks: readonly string[], environment: Readonly<Record<string, string>>): Promise<Pasted> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MUNIMENT_'));
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const env = { ...Object.fromEntries(inherited), PATH, ...environment };
  const shell = spawn('bash', ['--norc'], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  shell.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  shell.stdin.end(blocks.map((block) => `${block}\necho; echo '${MARK}'\n`).join(''));
  const code = await new Promise<number | null>((done) => shell.once('close', done));
  return { blocks: output.split(MARK), errors, code };
}

describe('the tour of the README', () => {
  let server: ServerProcess;
  let directory: string;
  let pasted: Pasted;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'muniment-readme-'));
    const variables = variablesFor(join(directory, 'data'));
    server = await startProcess(variables);
    await vi.waitUntil(() => SHOWN.test(server.printed()));
    const password = SHOWN.exec(server.printed())?.[1] ?? '';
    const blocks = (await shellBlocks('Five minutes')).map((block) =>
      block.replace('http://localhost:8080', server.url).replace('<the printed password>', password),
    );
    pasted = await paste(blocks, { MUNIMENT_DATA: join(directory, 'data'), TMPDIR: directory });
  }, TOUR_MS_MAX);

  afterAll(async () => {
    await server.end('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  it('runs without an error of the shell', () => {
    expect(pasted.errors).toBe('');
    expect(pasted.code).toBe(0);
    expect(pasted.blocks.length).toBeGreaterThanOrEqual(6);
  });

  it('provisions a user and finds him', () => {
    const [, users = ''] = pasted.blocks;
    expect(users).toMatch(/^\s*[0-9a-f-]{36}$/m);
    expect(users).toContain('"totalResults":1');
    expect(users).toContain('kim@example.com');
  });

  it('registers an application', () => {
    expect(pasted.blocks[2]).toMatch(/^\s*\S{10,}$/m);
  });

  it('signs in and says who signed in', () => {
    const [, , , signedIn = ''] = pasted.blocks;
    expect(signedIn).toContain('"sub"');
    expect(signedIn).toContain('kim@example.com');
  });

  it('changes a name and tells of it', () => {
    const [, , , , changed = ''] = pasted.blocks;
    expect(changed).toContain('"familyName":"Reed-Jones"');
    expect(changed).toContain('identity.user.attributes_changed.v1');
  });

  it('rehearses a lock, erases, and then knows nothing of the person', () => {
    const [, , , , , last = ''] = pasted.blocks;
    expect(last).toContain('"dryRun":true');
    expect(last).toContain('identity.user.locked.v1');
    const erased = last.slice(last.indexOf('identity.user.erased.v1'));
    expect(erased).toContain('"erased":true');
    expect(erased).not.toMatch(/kim|Reed/i);
    expect(last).not.toContain('"status":4');
  });

  it('shows the events of the log on the command line', () => {
    const [, , , , , last = ''] = pasted.blocks;
    expect(last).toMatch(/^.*identity\.user\.created\.v1.*$/m);
  });
});
