/** Every module of the parts that can live in MongoDB, for the compile cache. */
import '../infra/lease/mongo/mongo-leases.ts';
import '../infra/mongo/clients.ts';
import '../infra/read-store/mongo/reader.ts';
import '../infra/read-store/mongo/writer.ts';
import '../infra/transient-store/mongo/mongo-transient-store.ts';
import '../infra/vault/mongo/mongo-vault.ts';
import '../projections/led-projections.ts';
