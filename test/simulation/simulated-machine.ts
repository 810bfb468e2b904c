/**
 * A machine that outlives its processes: its disk, and the slots of the state directory with the identity in them. A
 * slot is free as soon as its holder is dead, as the kernel's lock is.
 */
import type { OpenSlot, SlotRecord, StateSlot } from '../../src/runtime/state-slot.ts'
import type { FileSystem } from '../../src/common/file-system.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import type { DiskFate } from './faults.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedProcess } from './simulated-process.ts'

interface Slot {
  readonly processId: string
  records: SlotRecord[]
  holder: SimulatedProcess | undefined
}

const recordsKept = 16
const diskMinUs = 20
const diskMaxUs = 200

/** What one process is given of the machine. */
export interface MachineParts {
  readonly fileSystem: FileSystem
  readonly openSlot: OpenSlot
}

export class SimulatedMachine {
  readonly name: string
  readonly #random: SeededRandom
  readonly #nowMs: () => number
  #slots: Slot[] = []
  /** As the process that runs now sees it. */
  #disk = new MemoryFileSystem()
  starts = 0

  constructor(name: string, random: SeededRandom, nowMs: () => number) {
    this.name = name
    this.#random = random
    this.#nowMs = nowMs
  }

  /** For one process at a time. */
  partsFor(process: SimulatedProcess): MachineParts {
    this.#disk = this.#disk.crash()
    this.#disk.now = this.#nowMs
    this.#disk.gate = () => this.#operation(process)
    return { fileSystem: this.#disk, openSlot: this.#openSlotOf(process) }
  }

  /** The process died, whatever it was writing. */
  crash(fate: DiskFate): void {
    if (fate === 'empty') {
      this.#slots = []
      this.#disk = new MemoryFileSystem()
    } else if (fate === 'power-cut') {
      this.#disk = this.#disk.powerCut(this.#random)
    } else {
      this.#disk = this.#disk.crash(this.#random)
    }
  }

  /** Nothing more fits, until the returned function is called. */
  fill(): () => void {
    const disk = this.#disk
    disk.capacityBytes = disk.usedBytes
    return () => {
      disk.capacityBytes = Infinity
      this.#disk.capacityBytes = Infinity
    }
  }

  #openSlotOf(process: SimulatedProcess): OpenSlot {
    return async ({ stateDir, applicationId, startId, startedAtMs }) => {
      await this.#operation(process)
      let number = this.#slots.findIndex(({ holder }) => holder === undefined || holder.isDead)
      if (number < 0) number = this.#slots.push(this.#newSlot()) - 1
      const slot = this.#slots[number] as Slot
      slot.holder = process
      const own = { startId, startedAtMs, host: this.name }
      const directory = `${stateDir}/${applicationId}/${number}`
      await this.#operation(process)
      return this.#slotFor(process, slot, directory, own)
    }
  }

  #slotFor(
    process: SimulatedProcess,
    slot: Slot,
    directory: string,
    own: Pick<SlotRecord, 'startId' | 'startedAtMs' | 'host'>,
  ): StateSlot {
    const before = [...slot.records]
    let isSettled = false
    let written: SlotRecord | undefined
    const write = async (): Promise<void> => {
      const records = [...(isSettled ? [] : before), ...(written === undefined ? [] : [written])]
      await this.#operation(process)
      slot.records = records.slice(-recordsKept)
      await this.#operation(process)
    }
    return {
      directory,
      processId: slot.processId,
      predecessors: before,
      remember: (left) => {
        written = { ...own, ...left }
        return write()
      },
      settlePredecessors: () => {
        isSettled = true
        return write()
      },
      isHeld: async () => {
        await this.#operation(process)
        return slot.holder === process
      },
      release: async (left) => {
        written = left === undefined ? undefined : { ...own, ...left }
        await write()
        if (slot.holder === process) slot.holder = undefined
      },
    }
  }

  #newSlot(): Slot {
    return { processId: this.#random.uuid(), records: [], holder: undefined }
  }

  #operation(process: SimulatedProcess): Promise<void> {
    return new Promise((resolve) => process.later(this.#random.between(diskMinUs, diskMaxUs), 'disk', resolve))
  }
}
