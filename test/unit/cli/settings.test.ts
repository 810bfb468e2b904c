import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadSettings } from '../../../src/cli/settings.ts'
import type { Settings, SettingsOptions } from '../../../src/cli/settings.ts'
import { defineTopology } from '../../../src/dsl/define-topology.ts'

const module = defineTopology('app', () => undefined, { commitIntervalMs: 70, offsetReset: 'latest' })

let directory: string
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'millrace-settings-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let folders = 0

/** A folder with these files in it. */
function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = path.join(directory, String(folders++))
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

interface Places {
  readonly project?: unknown
  readonly user?: unknown
  readonly environment?: Readonly<Record<string, string>>
}

function settings({ project, user, environment }: Places, options: SettingsOptions = {}): Settings {
  const files = {
    'unused.txt': '',
    ...(project !== undefined && { 'millrace.json': project }),
    ...(user !== undefined && { 'home/.config/millrace/config.json': user }),
  }
  const folder = folderWith(files)
  const surroundings = { environment: { HOME: path.join(folder, 'home'), ...environment }, directory: folder }
  return loadSettings(options, module.config, surroundings)
}

describe('-X', () => {
  const configWith = (...set: string[]): object => settings({}, { set }).config

  it('wins over the module and leaves the rest of it', () => {
    expect(configWith('commitIntervalMs=50')).toMatchObject({ commitIntervalMs: 50, offsetReset: 'latest' })
  })

  it('takes an object as JSON', () => {
    const policy = { onDeserializationError: { deadLetter: 'dlq' } }
    expect(configWith('onDeserializationError={"deadLetter":"dlq"}')).toMatchObject(policy)
  })

  it('takes what is not JSON as text, and a number in quotes as text, too', () => {
    expect(configWith('store=memory', 'instanceId="7"')).toMatchObject({ store: 'memory', instanceId: '7' })
  })

  it('leads inside the connection with dots, beside the brokers of another place', () => {
    const found = settings({}, { set: ['kafka.ssl=true', 'kafka.sasl.username=ada'], brokers: 'one:9092' })
    expect(found.config.kafka).toEqual({ brokers: ['one:9092'], ssl: true, sasl: { username: 'ada' } })
  })

  it('refuses a value of the wrong kind and says where it is from', () => {
    expect(() => configWith('instanceId=7')).toThrow("'instanceId' must be a string")
    expect(() => configWith('commitIntervalMs=0')).toThrow('(from -X)')
    expect(() => configWith('onDeserializationError={deadLetter:dlq}')).toThrow(
      "'onDeserializationError' must be 'fail', 'skip', { deadLetter: topic } or a function",
    )
  })
})

describe('the order of places', () => {
  const commitInterval = (value: number): object => ({ config: { commitIntervalMs: value } })

  it('is module, user file, project file, environment, -X', () => {
    const environment = { MILLRACE_COMMIT_INTERVAL_MS: '74' }
    const found = (places: Places, options?: SettingsOptions): unknown[] => {
      const { config, origins } = settings(places, options)
      return [config.commitIntervalMs, origins.get('commitIntervalMs')]
    }
    const user = commitInterval(71)
    const project = { ...commitInterval(72), profiles: { prod: { commitIntervalMs: 73 } } }
    expect(found({})).toEqual([70, 'the module'])
    expect(found({ user })).toEqual([71, expect.stringMatching(/home\/\.config\/millrace\/config\.json$/)])
    expect(found({ user, project })).toEqual([72, 'millrace.json'])
    expect(found({ user, project }, { profile: 'prod' })).toEqual([73, "millrace.json (profile 'prod')"])
    expect(found({ user, project, environment }, { profile: 'prod' })).toEqual([74, 'the environment'])
    expect(found({ user, project, environment }, { set: ['commitIntervalMs=75'] })).toEqual([75, '-X'])
  })

  it('puts a connection together from several places, flags last', () => {
    const project = { config: { kafka: { brokers: ['file:1'], ssl: true } } }
    const environment = { MILLRACE_KAFKA__SASL__MECHANISM: 'plain', MILLRACE_KAFKA__SASL__PASSWORD: '0123' }
    const { config, origins } = settings({ project, environment }, { brokers: 'flag:1' })
    expect(config.kafka).toEqual({ brokers: ['flag:1'], ssl: true, sasl: { mechanism: 'plain', password: '0123' } })
    expect(origins.get('kafka')).toBe('millrace.json, the environment, the command line')
  })
})

describe('environment variables', () => {
  it('take JSON where the key takes it, and text where it does not', () => {
    const environment = { MILLRACE_INSTANCE_ID: '7', MILLRACE_CACHE_MAX_BYTES: '7', MILLRACE_STORE: 'memory' }
    expect(settings({ environment }).config).toMatchObject({ instanceId: '7', cacheMaxBytes: 7, store: 'memory' })
  })

  it('name files of secrets', () => {
    const secret = path.join(folderWith({ secret: 's3cret\n' }), 'secret')
    const environment = { MILLRACE_KAFKA__BROKERS: 'a:1,b:2', MILLRACE_KAFKA__SASL__PASSWORD_FILE: secret }
    expect(settings({ environment }).config.kafka).toEqual({ brokers: ['a:1', 'b:2'], sasl: { password: 's3cret' } })
  })

  it('say that such a file is missing', () => {
    const environment = { MILLRACE_KAFKA__SASL__PASSWORD_FILE: '/nowhere/secret' }
    expect(() => settings({ environment })).toThrow(/'passwordFile' \(from the environment\) names a file .*ENOENT/)
  })

  it('are refused when misspelt, and left alone when they are not ours', () => {
    expect(() => settings({ environment: { MILLRACE_COMIT_INTERVAL_MS: '7' } })).toThrow('MILLRACE_COMMIT_INTERVAL_MS?')
    expect(() => settings({ environment: { MILLRACE_DEPLOYED_AT: 'noon' } })).not.toThrow()
  })
})

describe('configuration files', () => {
  const refusal = (project: unknown, options?: SettingsOptions): string => {
    try {
      settings({ project }, options)
    } catch (error) {
      return (error as Error).message
    }
    return 'accepted'
  }

  it('are refused for what they should not hold', () => {
    expect(refusal('{')).toMatch(/^millrace\.json is not JSON: /)
    expect(refusal([])).toBe('millrace.json: the file must be an object')
    expect(refusal({ profles: {} })).toBe("millrace.json: unknown key 'profles'; did you mean 'profiles'?")
    expect(refusal({ module: 7 })).toBe("millrace.json: 'module' must be a string")
    expect(refusal({ config: { commitIntervalMs: 'often' } })).toMatch(/commitIntervalMs.*\(from millrace\.json\)$/)
  })

  it('name the profiles that there are', () => {
    expect(refusal({ profiles: { dev: {} } }, { profile: 'prod' })).toBe("there is no profile 'prod'; there are: dev")
    expect(refusal({}, { profile: 'prod' })).toMatch(/no configuration file has 'profiles'$/)
  })

  it('have to be there when they are named', () => {
    expect(refusal({}, { config: 'other.json' })).toMatch(/^there is no configuration file 'other\.json'/)
  })

  it('name the module, relative to themselves', () => {
    const { module: found } = settings({ project: { module: 'src/app.ts' } })
    expect(found).toMatch(/\/src\/app\.ts$/)
  })
})

describe('A file that is none, or too much', () => {
  const kafka = { brokers: ['host:9092'] }
  const passwordFrom = (file: string): object =>
    settings({ project: { config: { kafka: { ...kafka, sasl: { mechanism: 'plain', passwordFile: file } } } } }).config

  it.each(['/dev/zero', '/dev/urandom', '/dev/tty', '/proc/self/fd', '/'])('%s is no password', (file) => {
    expect(() => passwordFrom(file)).toThrow(/'passwordFile' \(from millrace.json\) names a file that cannot be read/)
  })

  it('of more than 1 MiB is no password, no token and no configuration', () => {
    const folder = folderWith({ 'large.txt': ' '.repeat(1024 * 1024 + 1) })
    const large = path.join(folder, 'large.txt')
    expect(() => passwordFrom(large)).toThrow('larger than 1 MiB')
    expect(() => settings({ environment: { MILLRACE_HTTP_TOKEN_FILE: large } })).toThrow('larger than 1 MiB')
    expect(() => settings({}, { config: large })).toThrow('larger than 1 MiB')
  })

  it('where nobody asked for one is not waited for', () => {
    const folder = folderWith({ 'unused.txt': '' })
    execFileSync('mkfifo', [path.join(folder, 'millrace.json')])
    expect(() => loadSettings({}, {}, { environment: {}, directory: folder })).toThrow('it is a pipe, not a file')
  })

  it('is taken through a link: secrets are mounted so', () => {
    const folder = folderWith({ '..data/password': 'hidden\n' })
    symlinkSync('..data/password', path.join(folder, 'password'))
    expect(passwordFrom(path.join(folder, 'password'))).toMatchObject({ kafka: { sasl: { password: 'hidden' } } })
  })
})

describe('Keys that every object has', () => {
  const evil = '{"__proto__":{"store":"memory"}}'

  it.each([
    ['a file', { project: `{"config":${evil}}` }],
    ['a connection in a file', { project: `{"config":{"kafka":{"brokers":["a:1"],"ssl":${evil}}}}` }],
    ['a profile', { project: `{"profile":"a","profiles":{"a":${evil}}}` }],
    ['a constructor', { project: '{"config":{"constructor":{"prototype":{"store":"memory"}}}}' }],
    ['the environment', { environment: { MILLRACE_KAFKA__SSL: evil } }],
    ['a variable', { environment: { MILLRACE_KAFKA__CONSTRUCTOR__X: '1' } }],
  ])('are refused in %s', (_, places) => {
    expect(() => settings(places)).toThrow(/the key '(?:__proto__|constructor|prototype)' is not taken/)
  })

  it.each(['__proto__.store=memory', 'kafka.__proto__.x=1', 'kafka.constructor.x=1', `kafka=${evil}`])(
    'are refused by -X %s',
    (assignment) => {
      expect(() => settings({}, { set: [assignment] })).toThrow(/the key '\w+' is not taken/)
      expect(Object.getPrototypeOf({})).not.toHaveProperty('store')
    },
  )
})
