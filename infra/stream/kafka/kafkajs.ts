/** What kafkajs has and an import by name does not find: Node sees only some of a CommonJS module's names. */
import kafkajs from 'kafkajs';

export const { ConfigResourceTypes, KafkaJSError, KafkaJSProtocolError } = kafkajs;
