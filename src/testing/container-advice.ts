/** What to do where a container of Kafka did not start. */

/**
 * Testcontainers starts its remover, ryuk, before the first container. What the engine says of an image that it cannot
 * pull may lack the image's name, so a pull that fails where Kafka's image is there was for ryuk.
 */
export function startAdvice(reason: string, image: string, isImageThere: boolean): string {
  if (/ryuk/i.test(reason) || (isImageThere && /registry|pull|manifest/i.test(reason))) {
    return '; Testcontainers removes containers by one of its own (ryuk): without a registry set TESTCONTAINERS_RYUK_DISABLED=true'
  }
  if (isImageThere) return ''
  return `; the image is not here: docker pull ${image}, or give another by the option image or MILLRACE_TEST_KAFKA_IMAGE`
}
