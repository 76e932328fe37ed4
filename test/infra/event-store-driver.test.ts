/** Which client library a process loads. Each in a process of its own, as a process loads one. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const LOAD = new URL('../../infra/event-store/esdb/load-driver.ts', import.meta.url).href;
/** As on a machine where the optional package was not installed. */
const WITHOUT_PACKAGE = `import { registerHooks } from 'node:module';
  registerHooks({ resolve(name, context, next) {
    if (name !== '@kurrent/kurrentdb-client') return next(name, context);
    throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' });
  } });`;

function told(script: string, preload = ''): string {
  const args = ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, '--input-type=module', '-e'];
  const program = `import { loadDriver } from '${LOAD}';
    const url = 'esdb://127.0.0.1:1?tls=false';
    const close = async (open) => { await open().close(); return 'loaded'; };
    ${script}`;
  const { stdout, stderr } = spawnSync(process.execPath, [...args, program], { encoding: 'utf8' });
  return stdout.trim() || stderr;
}

const load = (name: string): string =>
  `console.log(await loadDriver('${name}', url).then(close, (error) => error.name + ': ' + error.message));`;

it.each(['eventstore', 'kurrent'])('the client of the driver %s loads and opens without a server', (name) => {
  expect(told(load(name))).toBe('loaded');
});

it('a driver whose optional package is missing is told in one sentence, with what to do', () => {
  const sentence = told(load('kurrent'), WITHOUT_PACKAGE);
  expect(sentence).toMatch(/^DriverMissing: MUNIMENT_EVENT_STORE_DRIVER is "kurrent".* install it with npm.*$/);
  expect(told(load('eventstore'), WITHOUT_PACKAGE)).toBe('loaded');
});

it('a second client is not loaded into the same process', () => {
  expect(told(`await loadDriver('eventstore', url);${load('kurrent')}`)).toContain(
    'has loaded the client "eventstore"',
  );
});
