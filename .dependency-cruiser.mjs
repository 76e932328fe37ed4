/** Who may import whom. Port files are the interface files of infra; everything else in infra is an adapter. */

const PORTS = [
  '^infra/event-codec/(event-codec|upcaster)\\.ts$',
  '^infra/event-store/(errors|event-store|position|stored-log|technical-streams)\\.ts$',
  '^infra/password-hash/password-hasher\\.ts$',
  '^infra/read-store/(path|read-store)\\.ts$',
  '^infra/telemetry/telemetry\\.ts$',
  '^infra/transient-store/transient-store\\.ts$',
  '^infra/vault/vault\\.ts$',
];

const COMMAND_TYPES = '^commands/(caller|effective-access)\\.ts$';
/** Row shapes and names of read models, no behaviour. */
const ROW_TYPES = '^projections/(catalogue|projection|access|applications|organizations|roles|tenants|users)\\.ts$';

const layer = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: {
    path: '^(domain|commands|projections|read-api|consumers|protocol|infra|cli|bench|test|scripts)/|^muniment\\.ts$',
    pathNot: allowed,
  },
});

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle of types alone is harmless at run time, and still two files that are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain imports zod and itself; no Node module, no other package.',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: ['^domain/', '^node_modules/zod/'] },
    },
    layer('commands-import-domain-and-ports', '^commands/', ['^(domain|commands)/', ...PORTS]),
    layer('projections-import-domain-and-ports', '^projections/', ['^(domain|projections)/', ...PORTS]),
    layer('read-api-imports-rows-and-ports', '^read-api/', ['^(domain|read-api)/', COMMAND_TYPES, ROW_TYPES, ...PORTS]),
    layer('consumers-import-commands-and-reads', '^consumers/', ['^(domain|commands|read-api|consumers)/', ...PORTS]),
    layer('protocol-imports-commands-and-reads', '^protocol/', [
      '^(domain|commands|read-api|protocol)/',
      ROW_TYPES,
      ...PORTS,
    ]),
    layer('infra-imports-domain', '^infra/', ['^(domain|infra)/']),
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { pathNot: '^(test|bench|scripts|vitest\\.config\\.ts)' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-dev-dependency-in-the-product',
      severity: 'error',
      from: { path: '^(domain|commands|projections|read-api|consumers|protocol|infra|cli|muniment\\.ts)' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-undeclared',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(data|node_modules/(?!zod/))' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
