/**
 * A machine that outlives its processes: its disk, and the slots of the state directory with the identity in them. A
 * slot is free as soon as its holder is dead, as the kernel's lock is.
 */
import type { OpenSlot, SlotRecord, StateSlot } from '../../src/runtime/state-slot.ts'
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

export class SimulatedMachine {
  readonly name: string
  readonly #random: SeededRandom
  #slots: Slot[] = []
  starts = 0

  constructor(name: string, random: SeededRandom) {
    this.name = name
    this.#random = random
  }

  /** A new disk. */
  wipe(): void {
    this.#slots = []
  }

  openSlotOf(process: SimulatedProcess): OpenSlot {
    return async ({ stateDir, applicationId, startId, startedAtMs }) => {
      await this.#disk(process)
      let number = this.#slots.findIndex(({ holder }) => holder === undefined || holder.isDead)
      if (number < 0) number = this.#slots.push(this.#newSlot()) - 1
      const slot = this.#slots[number] as Slot
      slot.holder = process
      const own = { startId, startedAtMs, host: this.name }
      const directory = `${stateDir}/${applicationId}/${number}`
      await this.#disk(process)
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
      await this.#disk(process)
      slot.records = records.slice(-recordsKept)
      await this.#disk(process)
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
        await this.#disk(process)
        return slot.holder === process
      },
      release: async () => {
        written = undefined
        await write()
        if (slot.holder === process) slot.holder = undefined
      },
    }
  }

  #newSlot(): Slot {
    return { processId: this.#random.uuid(), records: [], holder: undefined }
  }

  #disk(process: SimulatedProcess): Promise<void> {
    return new Promise((resolve) => process.later(this.#random.between(diskMinUs, diskMaxUs), 'disk', resolve))
  }
}
