import { systemClock } from '../common/clock.ts'
import type { TimestampExtractor } from './timestamp-extractor.ts'

/** The extractors of Kafka Streams. A record is invalid when its producer gave it a negative timestamp. */
export const timestampExtractors: {
  /** The record's own timestamp; a negative one fails the task. The default. */
  readonly failOnInvalid: TimestampExtractor
  /** The record's own timestamp; a record with a negative one is dropped and counted. */
  readonly skipOnInvalid: TimestampExtractor
  /** The record's own timestamp; instead of a negative one the highest of its partition so far. */
  readonly partitionTimeOnInvalid: TimestampExtractor
  /** The time of processing. A task reads its own clock instead of calling this one. */
  readonly wallClock: TimestampExtractor
} = {
  failOnInvalid(record) {
    if (record.timestamp >= 0) return record.timestamp
    throw new RangeError(
      `the record at offset ${record.offset} of ${record.topic}-${record.partition} has the invalid timestamp ${record.timestamp}; use timestampExtractors.skipOnInvalid or partitionTimeOnInvalid to go on`,
    )
  },
  skipOnInvalid: (record) => record.timestamp,
  partitionTimeOnInvalid(record, partitionTime) {
    if (record.timestamp >= 0) return record.timestamp
    if (partitionTime >= 0) return partitionTime
    throw new RangeError(
      `the first record of ${record.topic}-${record.partition} (offset ${record.offset}) has the invalid timestamp ${record.timestamp}, and there is no earlier one to take its place`,
    )
  },
  wallClock: () => systemClock.now(),
}
