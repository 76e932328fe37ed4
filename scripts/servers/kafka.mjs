#!/usr/bin/env node
/**
 * One Apache Kafka broker for tests, in KRaft mode (broker and controller in one process), from its published jars.
 * Needs Java 17 or later, and Maven once, which resolves about 45 jars.
 *
 *   node scripts/servers/kafka.mjs                    stays until SIGTERM or SIGINT
 *   node scripts/servers/kafka.mjs npx vitest run …   runs the command and ends with its exit status
 *
 * The command finds the address in MUNIMENT_KAFKA_BROKERS. Data lies in a temporary folder, removed at the end.
 *
 *   MUNIMENT_KAFKA_VERSION  the release to run; default: 4.3.1
 *   MUNIMENT_KAFKA_DATA     a folder to use instead and to keep: a later start goes on with its data
 *   MUNIMENT_KAFKA_PORT     the port to listen on; default: a free one
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, freePort, run, serve } from './served.mjs';

const VERSION_DEFAULT = '4.3.1';
const LOG4J_VERSION = '2.26.1';
const HEAP = '384m';
const STARTED = 'Kafka Server started';

const java = process.env.JAVA_HOME === undefined ? 'java' : join(process.env.JAVA_HOME, 'bin', 'java');

/** The broker logs through slf4j 1, and asks log4j-core itself for its levels. */
const pom = (version) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>muniment.test</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>${LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

const loggers = `<Configuration status="ERROR">
  <Appenders><Console name="out" target="SYSTEM_OUT"><PatternLayout pattern="%d %p %c{1} %m%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
`;

const settings = ({ port, controllerPort, folder }) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
`;

function installed(version) {
  const home = join(cache, `kafka-${version}`);
  if (existsSync(home)) return home;
  mkdirSync(cache, { recursive: true });
  process.stderr.write(`resolving Apache Kafka ${version} into ${home}\n`);
  const fresh = mkdtempSync(`${home}.`);
  writeFileSync(join(fresh, 'pom.xml'), pom(version));
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(fresh, 'lib')}`];
  run('mvn', ['--quiet', '--batch-mode', '--file', join(fresh, 'pom.xml'), ...goal]);
  // Two that resolve at once: the later one finds the other's and throws its own away.
  if (existsSync(home)) rmSync(fresh, { recursive: true, force: true });
  else renameSync(fresh, home);
  return home;
}

/** Serial garbage collection and the quick compiler: a short start and a small process. */
const machine = (home, folder) => [
  '-Xms128m',
  `-Xmx${HEAP}`,
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  `-Dlog4j2.configurationFile=${join(folder, 'log4j2.xml')}`,
  '-cp',
  join(home, 'lib', '*'),
];

/** Any 16 bytes will do, as base64url that no option parser takes for an option. */
const clusterId = () => `A${randomBytes(16).toString('base64url').slice(1)}`;

function format(home, folder) {
  if (existsSync(join(folder, 'data', 'meta.properties'))) return;
  const config = join(folder, 'server.properties');
  run(java, [...machine(home, folder), 'kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', config]);
}

await serve({
  name: 'kafka',
  data: process.env.MUNIMENT_KAFKA_DATA,
  async start(folder, launch) {
    const home = installed(process.env.MUNIMENT_KAFKA_VERSION ?? VERSION_DEFAULT);
    const port = Number(process.env.MUNIMENT_KAFKA_PORT ?? (await freePort()));
    writeFileSync(join(folder, 'log4j2.xml'), loggers);
    const config = join(folder, 'server.properties');
    writeFileSync(config, settings({ port, controllerPort: await freePort(), folder }));
    format(home, folder);
    const brokers = `127.0.0.1:${port}`;
    return {
      server: launch(java, [...machine(home, folder), 'kafka.Kafka', config]),
      address: brokers,
      environment: { MUNIMENT_KAFKA_BROKERS: brokers },
      isReady: async (said) => said.includes(STARTED),
    };
  },
});
