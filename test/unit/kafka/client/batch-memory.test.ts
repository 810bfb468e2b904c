import { expect, test } from 'vitest'
import { BatchMemory } from '../../../../src/kafka/client/batch-memory.ts'

const block = 64 * 1024
const batchMaxBytes = 512 * 1024

test('memory that was given back is taken again, by a batch of about its size', () => {
  const memory = new BatchMemory(batchMaxBytes, 1 << 20)
  const first = memory.take(block - 10)
  memory.giveBack(first)
  expect(memory.idleBytes).toBe(block)
  expect(memory.take(block + 1).buffer).not.toBe(first.buffer)
  const again = memory.take(block - 1000)
  expect(again.buffer).toBe(first.buffer)
  expect(again).toHaveLength(block - 1000)
  expect(memory.idleBytes).toBe(0)
})

test('nobody else has the memory of a batch that was not given back', () => {
  const memory = new BatchMemory(batchMaxBytes, 1 << 20)
  const taken = Array.from({ length: 8 }, () => memory.take(block).buffer)
  expect(new Set(taken).size).toBe(8)
})

test('idle memory has a limit', () => {
  const memory = new BatchMemory(batchMaxBytes, 2 * block)
  const taken = [memory.take(block), memory.take(block), memory.take(block)]
  for (const batch of taken) memory.giveBack(batch)
  expect(memory.idleBytes).toBe(2 * block)
})

test('memory of small batches, of long ones and of others is not kept', () => {
  const memory = new BatchMemory(batchMaxBytes, 64 << 20)
  for (const batch of [memory.take(100), memory.take(batchMaxBytes + 1), Buffer.alloc(block)]) memory.giveBack(batch)
  expect(memory.idleBytes).toBe(0)
  const small = new BatchMemory(1000, 1 << 20)
  small.giveBack(small.take(1000))
  expect(small.idleBytes).toBe(0)
})
