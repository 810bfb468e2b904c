import { beforeEach, describe, expect, it } from 'vitest'
import { defaultBrokerConfig } from '../../../../src/kafka/broker/broker-config.ts'
import { TransactionCoordinator } from '../../../../src/kafka/broker/transaction-coordinator.ts'
import { TransactionMarkers, type Marker } from '../../../../src/kafka/broker/transaction-markers.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const partitions = [0, 1].map((partition) => ({ topic: 't', partition }))

const config = { ...defaultBrokerConfig, clusterId: 'a cluster' }

describe('TransactionCoordinator', () => {
  let clock: ManualClock
  let markers: TransactionMarkers
  let coordinator: TransactionCoordinator
  let written: (Marker & { partition: number })[]

  beforeEach(() => {
    clock = new ManualClock()
    written = []
    markers = new TransactionMarkers(
      clock,
      () => 0,
      ({ partition }, marker) => written.push({ ...marker, partition }),
    )
    coordinator = new TransactionCoordinator(clock, config, markers)
  })

  it('writes a marker to every partition of a transaction and is ready for the next', () => {
    const owner = coordinator.init('tid', 1000, undefined)
    for (const committed of [true, false]) {
      coordinator.addPartitions('tid', owner, partitions)
      coordinator.end('tid', owner, committed)
    }
    expect(written.map(({ partition, committed }) => [partition, committed])).toEqual([
      [0, true],
      [1, true],
      [0, false],
      [1, false],
    ])
    expect(coordinator.get('tid')).toMatchObject({ state: 'CompleteAbort', partitions: [], startedAtMs: -1 })
  })

  it('is ending while one marker is held, and tells everybody to come again', () => {
    const owner = coordinator.init('tid', 1000, undefined)
    const release = markers.hold('t', 1)
    coordinator.addPartitions('tid', owner, partitions)
    coordinator.end('tid', owner, true)
    expect(written).toHaveLength(1)
    expect(markers.waiting('t', 1)).toBe(1)
    expect(coordinator.get('tid')?.state).toBe('PrepareCommit')
    expect(() => coordinator.addPartitions('tid', owner, partitions)).toThrow('CONCURRENT_TRANSACTIONS')
    expect(() => coordinator.init('tid', 1000, undefined)).toThrow('CONCURRENT_TRANSACTIONS')
    expect(() => coordinator.end('tid', owner, true)).toThrow('CONCURRENT_TRANSACTIONS')
    expect(() => coordinator.end('tid', owner, false)).toThrow('CONCURRENT_TRANSACTIONS')
    release()
    expect(coordinator.get('tid')?.state).toBe('CompleteCommit')
    expect(() => coordinator.end('tid', owner, false)).toThrow('INVALID_TXN_STATE')
    coordinator.end('tid', owner, true)
  })

  it('tells a repeated end with a new epoch to come again while a marker is held, and then the same epoch', () => {
    const owner = coordinator.init('tid', 1000, undefined)
    const release = markers.hold('t', 1)
    coordinator.addPartitions('tid', owner, partitions)
    const next = coordinator.endWithNewEpoch('tid', owner, true)
    expect(next).toEqual({ producerId: owner.producerId, epoch: 1 })
    for (const committed of [true, false]) {
      expect(() => coordinator.endWithNewEpoch('tid', owner, committed)).toThrow('CONCURRENT_TRANSACTIONS')
    }
    expect(() => coordinator.addPartitions('tid', next, partitions)).toThrow('CONCURRENT_TRANSACTIONS')
    release()
    expect(written).toMatchObject([{ epoch: 1 }, { epoch: 1 }])
    expect(coordinator.endWithNewEpoch('tid', owner, true)).toEqual(next)
    expect(() => coordinator.endWithNewEpoch('tid', owner, false)).toThrow('INVALID_TXN_STATE')
  })

  it('takes the next producer id only when the markers of the one before are written', () => {
    let owner = coordinator.init('tid', 1000, undefined)
    while (owner.epoch < 32_766) owner = coordinator.endWithNewEpoch('tid', owner, false)
    const release = markers.hold('t', 1)
    coordinator.addPartitions('tid', owner, partitions)
    const next = coordinator.endWithNewEpoch('tid', owner, true)
    expect(next).toEqual({ producerId: 1, epoch: 0 })
    expect(coordinator.get('tid')).toMatchObject({ producerId: 0, epoch: 32_767 })
    expect(() => coordinator.addPartitions('tid', next, partitions)).toThrow('CONCURRENT_TRANSACTIONS')
    release()
    expect(written).toMatchObject([
      { producerId: 0, epoch: 32_767 },
      { producerId: 0, epoch: 32_767 },
    ])
    expect(coordinator.get('tid')).toMatchObject({ producerId: 1, epoch: 0 })
    expect(coordinator.endWithNewEpoch('tid', owner, true)).toEqual(next)
  })

  it('aborts a transaction that takes too long, fencing its owner', async () => {
    const owner = coordinator.init('tid', 1000, undefined)
    coordinator.addPartitions('tid', owner, partitions)
    await clock.advance(999)
    expect(coordinator.get('tid')?.state).toBe('Ongoing')
    await clock.advance(1)
    expect(written).toMatchObject([
      { committed: false, epoch: 1 },
      { committed: false, epoch: 1 },
    ])
    expect(() => coordinator.end('tid', owner, true)).toThrow('PRODUCER_FENCED')
    expect(coordinator.init('tid', 1000, owner)).toEqual({ producerId: owner.producerId, epoch: 1 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('takes another producer id when the epochs are used up', () => {
    let owner = coordinator.init('tid', 1000, undefined)
    for (let count = 0; count < 32_766; count++) owner = coordinator.init('tid', 1000, undefined)
    expect(owner).toEqual({ producerId: 0, epoch: 32_766 })
    const next = { producerId: 1, epoch: 0 }
    expect([coordinator.init('tid', 1000, owner), coordinator.init('tid', 1000, owner)]).toEqual([next, next])
    expect(() => coordinator.init('tid', 1000, { ...owner, epoch: 32_765 })).toThrow('PRODUCER_FENCED')
    expect(coordinator.init('tid', 1000, undefined)).toEqual({ producerId: 1, epoch: 1 })
    expect(() => coordinator.init('tid', 1000, owner)).toThrow('PRODUCER_FENCED')
  })

  it('writes markers later when they shall take their time', async () => {
    markers = new TransactionMarkers(
      clock,
      () => 20,
      (partition, marker) => written.push({ ...marker, ...partition }),
    )
    coordinator = new TransactionCoordinator(clock, config, markers)
    const owner = coordinator.init('tid', 1000, undefined)
    coordinator.addPartitions('tid', owner, partitions)
    coordinator.end('tid', owner, true)
    expect(coordinator.get('tid')?.state).toBe('PrepareCommit')
    await clock.advance(20)
    expect(coordinator.get('tid')?.state).toBe('CompleteCommit')
  })

  it('forgets the oldest unused ids beyond its bound, and refuses when all are in use', () => {
    coordinator = new TransactionCoordinator(clock, { ...config, maxTransactionalIds: 2 }, markers)
    const one = coordinator.init('one', 1000, undefined)
    const two = coordinator.init('two', 1000, undefined)
    coordinator.addPartitions('two', two, partitions)
    const three = coordinator.init('three', 1000, undefined)
    expect(() => coordinator.addPartitions('one', one, partitions)).toThrow('INVALID_PRODUCER_ID_MAPPING')
    coordinator.addPartitions('three', three, partitions)
    expect(() => coordinator.init('four', 1000, undefined)).toThrow('too many open transactions')
  })
})
