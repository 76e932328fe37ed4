#!/usr/bin/env node
/** The start file and command line: hands over to the subcommand and loads nothing else. */
import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NODE_MAJOR_MIN = 24;

/** `infra/memory/start-memory.ts` needs it. */
const serverFlags = ['--expose-gc'];

const commands: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<number> }>>> = {
  start: () => import('./cli/start.ts'),
  events: () => import('./cli/events.ts'),
  history: () => import('./cli/history.ts'),
  replay: () => import('./cli/replay.ts'),
  projections: () => import('./cli/projections.ts'),
  doctor: () => import('./cli/doctor.ts'),
  'reset-password': () => import('./cli/reset-password.ts'),
  backup: () => import('./cli/backup.ts'),
  restore: () => import('./cli/restore.ts'),
  'migrate-log': () => import('./cli/migrate-log.ts'),
};

const usage = `muniment <command> [options]

  start                start the server (what \`npm start\` runs)
  events               the events of the log, by stream, type and time
  history <entity>     who changed what, from what to what, and why
  replay <entity>      the state of an entity at an instant: --at 2026-01-31T10:00:00Z
  projections          status of the read models; rebuild one
  doctor               checks log, vault, read models and configuration
  reset-password       sets the administrator's password, while the server is stopped
  backup <folder>      log, vault and sessions of a running or stopped server, as of one instant
  restore <folder>     a backup into an empty data folder
  migrate-log          moves the log between a folder and a server of EventStoreDB, and proves the copy

Each command explains itself with --help. Configuration: environment variables MUNIMENT_*, see README.md.
`;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    `Muniment needs Node ${NODE_MAJOR_MIN}; this is ${process.version}. Start it with \`npm start\`.\n`,
  );
  process.exit(1);
}

// Whatever is written under the data folder is for this account alone.
process.umask(0o077);

// In the data folder and not in a shared one: what is cached there is run. Threads read the variable.
const cache = join(process.env['MUNIMENT_DATA'] ?? 'data', 'cache');
const [name = '', ...args] = process.argv.slice(2);
if (name === 'start') await beginAnew();
// A restore takes an empty folder and leaves a refused one as it was.
if (name !== 'restore') {
  process.env['NODE_COMPILE_CACHE'] = cache;
  enableCompileCache(cache);
}

/**
 * The same process begins anew with what must be said before a process begins. Node loaded its type stripper for this
 * file, and each thread would load it for each file that is not in the cache, and keep its 16 MiB: so the cache is
 * filled first. Does nothing where a process cannot be replaced (Windows), or holds a channel to the one that forked it,
 * which would be cut: all works there too, with more memory.
 */
async function beginAnew(): Promise<void> {
  if (process.execve === undefined || process.platform === 'win32' || process.send !== undefined) return;
  if (!existsSync(cache)) {
    // What is compiled under other flags is another cache.
    for (const flag of serverFlags) setFlagsFromString(flag);
    enableCompileCache(cache);
    await import('./cli/compiled.ts');
    flushCompileCache();
  }
  const entry = fileURLToPath(new URL('./cli/start.ts', import.meta.url));
  const command = [process.execPath, ...process.execArgv, ...serverFlags, entry, ...args];
  process.execve(process.execPath, command, { ...process.env, NODE_COMPILE_CACHE: cache });
}

const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (load === undefined) {
  const asked = name === '' || name === '--help' || name === 'help';
  (asked ? process.stdout : process.stderr).write(asked ? usage : `unknown command ${name}\n\n${usage}`);
  process.exitCode = asked ? 0 : 2;
} else {
  const command = await load();
  process.exitCode = await command.run(args);
}
