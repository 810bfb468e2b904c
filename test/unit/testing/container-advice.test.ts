import { expect, it } from 'vitest'
import { startAdvice } from '../../../src/testing/container-advice.ts'

const image = 'apache/kafka:4.3.1'
const noRegistry = 'server error - Get "https://registry-1.docker.io/v2/": lookup registry-1.docker.io: no such host'

it('a pull that fails although the image is there was for the remover of Testcontainers', () => {
  expect(startAdvice(noRegistry, image, true)).toContain('TESTCONTAINERS_RYUK_DISABLED=true')
  expect(startAdvice('No such image: testcontainers/ryuk:0.14.0', image, false)).toContain(
    'TESTCONTAINERS_RYUK_DISABLED',
  )
})

it('an image that is not there can be pulled or named, and other reasons speak for themselves', () => {
  expect(startAdvice(noRegistry, image, false)).toContain(`docker pull ${image}`)
  expect(startAdvice('port is already allocated', image, true)).toBe('')
})
