/** What Kafka Streams refuses, refused here: that it is, test/unit/testing/vectors.test.ts tells; here, what is said. */
import { expect, test } from 'vitest'
import { TopologyError } from '../../../src/errors/topology-error.ts'
import { vectorTopologies } from '../../support/vector-topologies.ts'

const says: Readonly<Record<string, RegExp>> = {
  'error: table reads a topic that a stream reads': /topic in: it is read by source KSTREAM-SOURCE-0000000000/,
  'error: processor name used twice': /processor p is already added/,
  'error: parent not added yet': /node p names the parent nowhere, which is unknown/,
  'error: explicit names required, none given':
    /- (\S+), \1-changelog, \1-repartition: give count\(\) or aggregate\(\) the option 'store', for example \{ store: 'in-aggregate' \}/,
  'error: name with a character that is not allowed':
    /"no spaces" contains a character other than ASCII alphanumerics, '\.', '_' and '-'/,
  'error: overlapping topic lists': /subscribed to overlapping but not equal input topics: .*\[a, b\].*\[b, c\]/,
  'error: no topics': /topics cannot be empty/,
  'error: pattern and name overlap': /topic ab: it matches the pattern a\.\*/,
  'error: process names a store that is not there': /store nowhere is not added yet \(stores so far: none\)/,
  'error: topic used by two sources': /source t cannot read topic a: it is read by source s/,
  'error: processor is its own parent': /p is unknown \(self-reference\)/,
  'error: processor without a parent': /node p has no parent; name at least one source or processor/,
  'error: store connected to an unknown processor': /processor p is not added yet/,
  'error: join store keeps no duplicates': /store mine: a join keeps every record of a key/,
  'error: join store with another retention':
    /windowSize 20 ms and retention 26 ms, and the join needs .*retention 25 ms/,
  'error: join store with another window size':
    /windowSize 21 ms and retention 25 ms, and the join needs windowSize 20 ms/,
  'error: join stores with one name': /thisStore and otherStore have the same name/,
  'error: join of repartition topics with unequal counts': /l-repartition \(2\), r-repartition \(3\)/,
  'error: name is a dot': /store name "\." cannot be "\." or "\.\."/,
}

test.each(Object.entries(says))('%s', (name, message) => {
  const naming = name.includes('explicit') ? 'explicit' : 'generated'
  const build = (): unknown => vectorTopologies.get(name)?.build({ naming })
  expect(build).toThrow(TopologyError)
  expect(build).toThrow(message)
})
