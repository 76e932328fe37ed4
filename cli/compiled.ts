/** Every module of a running server, those of its threads too, so that the compile cache has them all. */
import './eventstore-door.ts';
import './listen.ts';
import './projector.ts';
import './start.ts';
import '../infra/event-store/embedded/log-writer-thread.ts';
import '../infra/side-stores/side-writer.ts';
